export const tools = ["yew", "wasm-bindgen"];
export const modes = {
  release: {
    build: "node {root}/tests/packaging/support/buildRust.mjs",
    buildLimitSeconds: 900, // some hundred thousand lines of Rust
    files: "dist",
  },
};
