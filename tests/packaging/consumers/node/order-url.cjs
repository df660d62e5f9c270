/** With the wasm from its file. */
const assert = require("node:assert/strict");
const { readFile } = require("node:fs/promises");
const { createClient } = require("sockeye-client/url");

async function main() {
  const file = require.resolve("sockeye-client/sockeye.wasm");
  const client = createClient(process.argv[2], { wasm: () => readFile(file) });
  const news = new Promise((resolve) => client.on("news").subscribe(resolve));
  await client.connect();
  assert.equal(await news, "welcome");
  assert.equal(await client.request("double", 21), 42);
  assert.equal(await client.enqueue("order", "salmon").result, "one salmon");
  await client.destroy();
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
