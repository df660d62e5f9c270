/** The wasm module as it comes in a JavaScript file. Loaded beside the core. */
import type { ReadWasm } from "./core.js";
import { decode } from "./decode.js";
import { data, size } from "./wasm/payload.js";

export const read: ReadWasm = () => decode(data, size);
