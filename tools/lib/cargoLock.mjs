/** What Cargo.lock pins. */
import { readFileSync } from "node:fs";
import { inRoot } from "./paths.mjs";

/** Returns the version that a `Cargo.lock`, by default the repository's, has of a crate. */
export function lockedVersion(crate, file = inRoot("Cargo.lock")) {
  const lock = readFileSync(file, "utf8");
  return new RegExp(`name = "${crate}"\nversion = "(.+)"`).exec(lock)?.[1];
}
