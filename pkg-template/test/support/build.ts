/** In place of the name of the wasm's build. */
export const build = "0123456789abcdef";
export const release = "1.2.3-0123456789ab";
