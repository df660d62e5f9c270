/** The facade against a fake core, and the types: `npm run test:ts`. */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const inTest = (path: string) => fileURLToPath(new URL(`test/${path}`, import.meta.url));

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  resolve: {
    // The build makes these; no test needs the real ones.
    alias: [
      { find: /^.*\/wasm\/glue\.js$/, replacement: inTest("support/glue.ts") },
      { find: /^.*\/wasm\/build\.js$/, replacement: inTest("support/build.ts") },
      { find: /^.*\/wasm\/payload\.js$/, replacement: inTest("support/payload.ts") },
    ],
  },
  test: {
    environment: "node",
    // The official client runs on the fake engine, too: the tests of compat/ hold for both.
    server: { deps: { inline: ["socket.io-client"] } },
    include: ["test/**/*.test.{ts,tsx}"],
    restoreMocks: true,
    unstubGlobals: true,
    typecheck: {
      enabled: true,
      include: ["test/**/*.test-d.ts"],
      tsconfig: inTest("tsconfig.json"),
    },
  },
});
