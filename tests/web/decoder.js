// What a test can read of a value.

export const write = (value) => JSON.stringify(value, bytesAsText) ?? String(value);

function bytesAsText(_key, value) {
  if (value instanceof ArrayBuffer) return `<${new Uint8Array(value).join(" ")}>`;
  return value instanceof Blob ? `Blob(${value.size})` : value;
}

/** No attachment has become the prototype of everything. */
export const hasCleanPrototypes = () =>
  Object.getPrototypeOf({}) === Object.prototype && Object.keys(Object.prototype).length === 0;
