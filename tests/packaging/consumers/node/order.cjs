const assert = require("node:assert/strict");
const { createClient } = require("sockeye-client");

async function main() {
  assert.match(require.resolve("sockeye-client"), /\.cjs$/);
  const client = createClient(process.argv[2]);
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
