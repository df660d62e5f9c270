/** What the wasm of the entry `/url` can be given as. */

/** The module: the address of `sockeye.wasm`, an answer that has it, its bytes, or compiled. */
export type Wasm =
  string | URL | Response | ArrayBuffer | ArrayBufferView | (WebAssembly.Module & object);

/** The module, now or later. A function is called again when what it gave could not be used. */
export type WasmSource = Wasm | PromiseLike<Wasm> | (() => Wasm | PromiseLike<Wasm>);
