/** The names of namespaces. */
import { fail } from "./errors.js";

/** Returns the name of a namespace as it goes over the wire. Throws `invalid_option`. */
export function toNamespace(path: string): string {
  let name;
  try {
    name = decodeURI(path);
  } catch {
    name = path;
  }
  assertNamespace(name);
  return name.startsWith("/") ? name : `/${name}`;
}

/** Throws `invalid_option` if no packet can carry the name. */
export function assertNamespace(name: string): void {
  if (!name.includes(",")) return;
  const hint = "on the wire a comma ends the namespace; use another character";
  throw fail("invalid_option", `the namespace "${name}" has a comma`, hint);
}
