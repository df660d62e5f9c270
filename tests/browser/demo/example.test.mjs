/** The examples of `docs/testing.md`, with the demo as the application. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { breakConnections, connectedClients } from "../../../docs/examples/brokenConnections.mjs";
import { addFault, endFaults, faultHappened } from "../../../docs/examples/faults.mjs";
import { useBrowser } from "../support/browser.mjs";
import { ready, startDemo } from "../support/demo.mjs";
import { waitFor } from "../support/wait.mjs";

const browser = useBrowser();
let server;
before(async () => (server = await startDemo()));
after(() => server.stop());

test("connects again when its connections break", async (t) => {
  const page = await browser.open(t, server.url);
  await ready(page);
  const before = await connectedClients(server.url);
  assert.deepEqual(before.map(({ contract }) => contract).sort(), ["craft", "jobs", "primes"]);
  assert.equal(await breakConnections(server.url), 3);
  const isNew = ({ clientId }) => before.every((client) => client.clientId !== clientId);
  await waitFor("all to connect again", async () => {
    const now = await connectedClients(server.url);
    return now.length === 3 && now.every(isNew);
  });
  await ready(page);
});

test("connects again after a server that asks to wait", async (t) => {
  const page = await browser.open(t, server.url);
  await ready(page);
  t.after(() => endFaults(server.url));
  const busy = await addFault(server.url, {
    next: 1,
    on: { request: { transport: "websocket" } },
    do: { respond: { status: 503, retryAfter: 1 } },
  });
  await breakConnections(server.url);
  const [hit] = await faultHappened(server.url, busy);
  assert.equal(hit.action, "respond");
  await waitFor("all to connect again", async () => {
    return (await connectedClients(server.url)).length === 3;
  });
  await assert.rejects(addFault(server.url, { on: "connection", do: "explode" }), /explode/);
});
