/** Node before 22 has no WebSocket: without one a client polls. */
import assert from "node:assert/strict";
import { createClient } from "sockeye-client";

const client = createClient(process.argv[2]);
const news = new Promise((resolve) => client.on("news").subscribe(resolve));
await client.connect();
assert.equal(await news, "welcome");
assert.equal(await client.request("double", 21), 42);
assert.equal(await client.enqueue("order", "salmon").result, "one salmon");
await client.destroy();
