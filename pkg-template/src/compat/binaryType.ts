/** How binary that has been received is given to listeners. */

/** `nodebuffer` is a `Buffer` of Node.js. */
export type BinaryType = "arraybuffer" | "blob" | "nodebuffer";

interface NodeGlobals {
  // Not named as a global: bundlers would bring one along to browsers.
  Buffer?: { from(data: ArrayBuffer): Uint8Array };
  process?: { versions?: { node?: string } };
  window?: unknown;
}

/** Returns `nodebuffer` in Node.js, else `arraybuffer`. */
export function defaultBinaryType(): BinaryType {
  const { Buffer, process, window } = globalThis as NodeGlobals;
  const isNode = process?.versions?.node !== undefined && window === undefined;
  return isNode && Buffer ? "nodebuffer" : "arraybuffer";
}

/** Returns the received bytes as what was asked for. */
export function toBinaryType(
  data: ArrayBuffer | Blob,
  type: BinaryType,
): ArrayBuffer | Blob | Uint8Array {
  if (type === "arraybuffer" || !(data instanceof ArrayBuffer)) return data;
  const { Buffer } = globalThis as NodeGlobals;
  return type === "blob" ? new Blob([data]) : (Buffer?.from(data) ?? data);
}
