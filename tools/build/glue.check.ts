/**
 * Never run: this compiles only if what wasm-bindgen has generated is what the package's sources
 * declare by hand.
 */
import type * as declared from "../../pkg-template/src/wasm/glue.js";
import * as generated from "../../target/web/glue.js";

export const glue: declared.Glue = { ...generated, initialize: generated.default };
