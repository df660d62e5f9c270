import { expect, test } from "vitest";
import { importAgain } from "../src/importAgain.js";

const module = "data:text/javascript,export const loaded = {}";
const sayings = (address: string) =>
  new TypeError(`error loading dynamically imported module: ${address}`);

test("imports under another address what Firefox could not fetch, and remembers", async () => {
  const first = await importAgain<{ loaded: object }>(sayings(module.replaceAll(" ", "%20")));
  const second = await importAgain<{ loaded: object }>(sayings(module.replaceAll(" ", "%20")));
  expect(first.loaded).not.toBe(second.loaded);
});

test.each([
  new TypeError("Failed to fetch dynamically imported module: https://example.com/core.js"),
  new Error("Loading chunk 5 failed. (error: https://example.com/5.js)"),
  Object.assign(new Error("no WebAssembly"), { code: "wasm_unavailable" }),
])("leaves every other failure as it is: %s", (failure) => {
  expect(() => importAgain(failure)).toThrow(failure);
});
