/** What Cargo.lock pins. */
import { readFileSync } from "node:fs";
import { inRoot } from "./paths.mjs";

/** Returns the version that Cargo.lock has of a crate. */
export function lockedVersion(crate) {
  const lock = readFileSync(inRoot("Cargo.lock"), "utf8");
  return new RegExp(`name = "${crate}"\nversion = "(.+)"`).exec(lock)?.[1];
}
