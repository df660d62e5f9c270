/** Reading fields of what a server sent. */

/** Returns a field; what a prototype has is nothing that the server sent. */
export function ownField(value: unknown, name: string): unknown {
  const isOwn = typeof value === "object" && value !== null && Object.hasOwn(value, name);
  return isOwn ? (value as Record<string, unknown>)[name] : undefined;
}

/** Returns what a path like `"meta.id"` leads to. */
export function readPath(value: unknown, path: string): unknown {
  return path.split(".").reduce(ownField, value);
}
