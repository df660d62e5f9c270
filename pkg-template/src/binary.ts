/** Values that JSON cannot hold, and packets can. */

/** What is sent as it is, in a message of its own. A `File` is a `Blob`. */
export type Attachment = ArrayBuffer | ArrayBufferView | Blob;

/** Says whether a value is sent as an attachment. */
export function isBinary(value: unknown): value is Attachment {
  return (
    value instanceof ArrayBuffer ||
    ArrayBuffer.isView(value) ||
    (typeof Blob !== "undefined" && value instanceof Blob)
  );
}
