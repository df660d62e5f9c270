/** Ids that nobody else makes. */

/** Returns a UUID of version 4. Pages without TLS have no `crypto.randomUUID`. */
export function randomId(): string {
  if ("randomUUID" in crypto) return crypto.randomUUID();
  const random = () => crypto.getRandomValues(new Uint8Array(1)).at(0) ?? 0;
  const toHex = (digit: string) => (+digit ^ (random() >> (4 + +digit / 4))).toString(16);
  return "10000000-1000-4000-8000-100000000000".replace(/[018]/g, toHex);
}
