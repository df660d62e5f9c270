/** In place of the wasm module: five bytes. */
import { deflateSync } from "node:zlib";

export const bytes = Uint8Array.of(1, 2, 3, 255, 0);
export const size = bytes.length;
export const data = deflateSync(bytes).toString("base64");
