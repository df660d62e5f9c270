/** With the wasm from its file. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createClient } from "sockeye-client/url";

const file = new URL(import.meta.resolve("sockeye-client/sockeye.wasm"));
const client = createClient(process.argv[2], { wasm: () => readFile(file) });
const news = new Promise((resolve) => client.on("news").subscribe(resolve));
await client.connect();
assert.equal(await news, "welcome");
assert.equal(await client.request("double", 21), 42);
assert.equal(await client.enqueue("order", "salmon").result, "one salmon");
await client.destroy();
