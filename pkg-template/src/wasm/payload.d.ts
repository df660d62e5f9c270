/** The length of the wasm module in bytes. */
export const size: number;
/** The module, deflated (zlib format), in base64. */
export const data: string;
