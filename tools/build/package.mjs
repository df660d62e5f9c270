/** Puts the npm package together, packs it, and installs the packed one into this repository. */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
} from "node:fs";
import path from "node:path";
import { lockedVersion } from "../lib/cargoLock.mjs";
import { inRoot, installedPackage } from "../lib/paths.mjs";
import { Failure } from "../lib/report.mjs";
import { run } from "../lib/run.mjs";
import { bundle, namesOfTheShell } from "./bundle.mjs";
import { writeCommonJs } from "./commonjs.mjs";
import { declare } from "./declarations.mjs";
import { entriesOf, requiredNames } from "./entries.mjs";
import { writeWasmFile } from "./wasmFile.mjs";

const template = inRoot("pkg-template");
const assembled = inRoot("target/package");
const packed = inRoot("pkg");

/** Fills `target/package` with what is published. */
export async function assemblePackage() {
  const manifest = readManifest();
  rmSync(assembled, { recursive: true, force: true });
  mkdirSync(assembled, { recursive: true });
  for (const file of documents()) copyFileSync(file, path.join(assembled, path.basename(file)));
  await fill(path.join(assembled, "dist"), entriesOf(manifest));
}

async function fill(dist, entries) {
  const names = entries.map(({ name }) => name);
  await bundle(names, dist);
  await writeCommonJs(bundle, requiredNames(entries), dist);
  for (const { name, file } of entries) {
    renameSync(path.join(dist, `${name}.js`), path.join(dist, file));
  }
  await declare(entries, dist);
  refusePublicNames(dist);
  writeWasmFile(dist);
}

/** What has another name in what ships must not be what applications call it by. */
function refusePublicNames(dist) {
  const member = new RegExp(`^\\s*(?:readonly )?(${namesOfTheShell.join("|")})\\??[(<:]`, "m");
  for (const file of readdirSync(dist).filter((name) => name.endsWith(".d.ts"))) {
    const [, name] = member.exec(readFileSync(path.join(dist, file), "utf8")) ?? [];
    if (!name) continue;
    throw new Failure(
      `"${name}" is public, so it is no name of the shell: see tools/build/bundle.mjs`,
    );
  }
}

/** Packs it as npm publishes it and unpacks that as npm installs it, so that tests see just that. */
export async function packAndInstall() {
  rmSync(packed, { recursive: true, force: true });
  mkdirSync(packed);
  const pack = ["pack", "--ignore-scripts", "--pack-destination", packed];
  await run("npm", pack, { cwd: assembled, capture: true, limitSeconds: 120 });
  const tarball = path.join(packed, readdirSync(packed)[0]);
  rmSync(installedPackage, { recursive: true, force: true });
  mkdirSync(installedPackage, { recursive: true });
  await run("tar", ["-xzf", tarball, "-C", installedPackage, "--strip-components=1"]);
  return tarball;
}

function readManifest() {
  const manifest = JSON.parse(readFileSync(path.join(template, "package.json"), "utf8"));
  const version = lockedVersion("sockeye");
  if (manifest.version === version) return manifest;
  throw new Failure(
    `pkg-template/package.json has version ${manifest.version}, the crate ${version}`,
    "write the same version in both, then cargo update --workspace",
  );
}

/** What stands beside the code: the manifest, the README and the licences. */
function documents() {
  const inTemplate = ["package.json", "README.md"].map((name) => path.join(template, name));
  const licences = readdirSync(inRoot()).filter((name) => name.startsWith("LICENSE"));
  return [...inTemplate, ...licences.map((name) => inRoot(name))].filter(existsSync);
}
