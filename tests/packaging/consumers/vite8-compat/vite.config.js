import { defineConfig } from "vite";

/** With `--mode before` it is built as it was: the tests use both. An application needs no configuration. */
const before = { "sockeye-client/compat": "socket.io-client" };

export default defineConfig(({ mode }) => ({
  resolve: { alias: mode === "before" ? before : {} },
}));
