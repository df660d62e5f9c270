/** What the tests here look at: the manifest that is installed, its entries, its files. */
import { readFileSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { entriesOf } from "../../../tools/build/entries.mjs";
import { installedPackage } from "../../../tools/lib/paths.mjs";

export const manifest = JSON.parse(
  readFileSync(path.join(installedPackage, "package.json"), "utf8"),
);
export const entries = entriesOf(manifest);

/** Every file of the package, as a path in it. */
export const files = readdirSync(installedPackage, { recursive: true })
  .filter((file) => statSync(path.join(installedPackage, file)).isFile())
  .sort();

export const readBytes = (file) => readFileSync(path.join(installedPackage, file));
export const read = (file) => readBytes(file).toString();

/** It is imported for what it does, and exports nothing but a type. */
export const forWorkers = "sockeye-client/worker";
