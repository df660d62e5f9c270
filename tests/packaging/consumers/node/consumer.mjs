export const quick = true;
export const tools = ["node"];
export const modes = {
  ESM: { run: "node order.mjs {server}" },
  "ESM, with ws": { run: "node order-ws.mjs {server}" },
  CommonJS: { run: "node order.cjs {server}" },
  "ESM, with the .wasm": { run: "node order-url.mjs {server}" },
  "CommonJS, with the .wasm": { run: "node order-url.cjs {server}" },
};
