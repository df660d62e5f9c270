// Base64, which carries binary frames where only text can go, and the sizes of frames.

/** Decodes the text from `from` on to an ArrayBuffer. Throws if it is no base64. */
export function decodeBase64(text, from) {
  const base64 = text.slice(from);
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64).buffer;
  const binary = atob(base64);
  return Uint8Array.from(binary, (character) => character.charCodeAt(0)).buffer;
}

/** Returns the size of a text in UTF-8. */
export function byteLength(text) {
  let length = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    // The two halves of a pair make four bytes together, every other unit from here on three.
    if (unit >= 0x80) length += unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 1 : 2;
  }
  return length;
}

/** Returns the size of an ArrayBuffer, a view or a Blob. */
export function bytesLength(bytes) {
  return bytes.byteLength ?? bytes.size ?? 0;
}
