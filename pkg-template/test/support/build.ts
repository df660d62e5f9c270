/** In place of the name of the wasm's build. */
export const build = "0123456789abcdef";
