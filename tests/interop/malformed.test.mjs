/** Each malformed frame that `sockeye-mock` can send, once, to a client that has to work afterwards. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createClient } from "sockeye-client";
import { WebSocket } from "ws";
import { addFault, endFaults, faultHappened } from "../../docs/examples/faults.mjs";
import { startMock } from "../browser/support/mock.mjs";

globalThis.WebSocket ??= WebSocket; // before Node 22 there is none

let mock;
const uncaught = [];
const note = (error) => uncaught.push(error);
const kinds = ["uncaughtException", "unhandledRejection"];
before(async () => {
  for (const kind of kinds) process.on(kind, note);
  mock = await startMock({ args: ["--rate", "0", "--contract", "jobs"] });
});
after(async () => {
  await mock.stop();
  for (const kind of kinds) process.off(kind, note);
});

const clientBy = (transport) =>
  createClient(`${mock.url}/jobs`, {
    transports: [transport],
    reconnect: { minMs: 1, baseMs: 1, capMs: 1 },
    reconnectOn: { serverDisconnect: "always", connectError: "always" },
  });

/** Has the frame come in place of an event; resolves with what a request says after it. */
async function survive(name, transport) {
  const client = clientBy(transport);
  const heard = [];
  client.on("said").subscribe(({ number }) => heard.push(number));
  try {
    await client.connect();
    const on = { event: { name: "said" } };
    const rule = await addFault(mock.url, { on, times: 1, do: { malformed: { name } } });
    await mock.post("/api/broadcast", { event: "said", data: { number: 1 } });
    await faultHappened(mock.url, rule);
    const { success } = await client.enqueue("subscribe:jobs", { jobId: "1" }).result;
    const next = new Promise((resolve) => client.on("said").subscribe(resolve));
    await mock.post("/api/broadcast", { event: "said", data: { number: 2 } });
    await next;
    return { success, heard, state: client.status.value.state };
  } finally {
    await client.destroy();
    await endFaults(mock.url);
  }
}

/** Has it come in place of the handshake. */
async function surviveAtFirst(name, transport) {
  const on = { packet: { type: "open" } };
  const rule = await addFault(mock.url, { on, times: 1, do: { malformed: { name } } });
  const client = clientBy(transport);
  try {
    void client.connect().catch(() => undefined);
    await faultHappened(mock.url, rule);
    return await client.enqueue("subscribe:jobs", { jobId: "1" }).result;
  } finally {
    await client.destroy();
    await endFaults(mock.url);
  }
}

const handshakes = ["empty", "cut-off", "list", "null", "no-ping", "endless-ping", "prototype"];

for (const transport of ["websocket", "polling"]) {
  for (const name of handshakes) {
    test(
      `a client by ${transport} connects after engine-open-${name}`,
      { timeout: 20_000 },
      async () => {
        const { success } = await surviveAtFirst(`engine-open-${name}`, transport);
        assert.equal(success, true);
        assert.deepEqual(uncaught, []);
      },
    );
  }

  test(`a client by ${transport} goes on after every malformed frame`, async (t) => {
    const { malformed } = await (await fetch(`${mock.url}/control/malformed`)).json();
    assert.ok(malformed.length > 70);
    const ofWebSockets = (name) => name.startsWith("websocket-");
    const names = malformed.map(({ name }) => name);
    for (const name of names.filter((name) => transport === "websocket" || !ofWebSockets(name))) {
      await t.test(name, { timeout: 20_000 }, async () => {
        assert.deepEqual(await survive(name, transport), {
          success: true,
          heard: [2],
          state: "connected",
        });
        assert.deepEqual(uncaught, []);
      });
    }
  });
}
