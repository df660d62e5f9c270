// Base64, which carries binary frames where only text can go, and the sizes of frames.

/** How many bytes become arguments of one call; a million would be too many for the stack. */
const CHUNK = 0x2000;

/** Decodes the text from `from` on to an ArrayBuffer. Throws if it is no base64. */
export function decodeBase64(text, from) {
  const base64 = text.slice(from);
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64).buffer;
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index++) bytes[index] = binary.charCodeAt(index);
  return bytes.buffer;
}

/** Encodes an ArrayBuffer, or the part of one that a view shows. */
export function encodeBase64(data) {
  const bytes = ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
  if (bytes.toBase64) return bytes.toBase64();
  let binary = "";
  for (let start = 0; start < bytes.length; start += CHUNK) {
    binary += String.fromCharCode(...bytes.subarray(start, start + CHUNK));
  }
  return btoa(binary);
}

/** Returns the size of a text in UTF-8. */
export function byteLength(text) {
  let length = text.length;
  for (let index = 0; index < text.length; index++) {
    const point = text.codePointAt(index);
    // Two units make four bytes, one makes up to three; half a pair is sent as U+FFFD, three bytes.
    if (point >= 0x80) length += point < 0x800 ? 1 : 2;
    if (point > 0xffff) index++;
  }
  return length;
}

/** Returns the size of an ArrayBuffer, a view or a Blob. Nothing else has one. Never throws. */
export function bytesLength(bytes) {
  try {
    return bytes?.byteLength ?? bytes?.size ?? 0;
  } catch {
    return 0; // A DataView of a buffer that was transferred to somebody else refuses to tell.
  }
}
