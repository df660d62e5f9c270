/** A rule does the same to a client, whether `sockeye-mock` follows it or `sockeye-client/testing`. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createClient } from "sockeye-client";
import { createMockServer } from "sockeye-client/testing";
import { WebSocket } from "ws";
import { addFault, endFaults, faultHappened } from "../../docs/examples/faults.mjs";
import { startMock } from "../browser/support/mock.mjs";

globalThis.WebSocket ??= WebSocket; // before Node 22 there is none

let mock;
before(async () => (mock = await startMock({ args: ["--rate", "0", "--contract", "jobs"] })));
after(() => mock.stop());

/** The mock server as a program: the contract "jobs". */
const asProgram = () => ({
  url: `${mock.url}/jobs`,
  options: { transports: ["websocket"] },
  add: (rule) => addFault(mock.url, rule),
  happened: (id) => faultHappened(mock.url, id),
  say: (data) => mock.post("/api/broadcast", { event: "said", data }),
  clear: () => endFaults(mock.url),
  stop: () => endFaults(mock.url),
});

/** The seat, with as much of that contract as is needed. */
function asSeat() {
  const server = createMockServer();
  const jobs = server.of("/jobs");
  jobs.on("connection", (socket) => {
    socket.on("subscribe:jobs", ({ jobId }, answer) => {
      const room = `job:${jobId}`;
      answer({ success: true, room, message: `Subscribed to ${room}` });
    });
  });
  return {
    url: "http://mock/jobs",
    options: server.clientOptions(),
    add: (rule) => server.faults.add(rule),
    happened: (rule) => server.waitFor({ kind: "fault", rule }),
    say: (data) => jobs.emit("said", data),
    clear: () => server.faults.clear(),
    stop: () => server.close(),
  };
}

/** Resolves with everything that a client sees of a rule. */
async function play({ url, options, add, happened, say, clear, stop }, { rule, events = [1] }) {
  const seen = { heard: [], states: [], errors: [], reasons: [] };
  const client = createClient(url, {
    ...options,
    autoConnect: false,
    dedup: false,
    reconnect: { minMs: 1, baseMs: 1, capMs: 1 },
    reconnectOn: { serverDisconnect: "always" },
    auth: ({ reason }) => (seen.reasons.push(reason), {}),
  });
  client.on("said").subscribe(({ number }) => seen.heard.push(number));
  client.errors.subscribe(({ code }) => seen.errors.push(code));
  client.status.subscribe(({ state }) => {
    if (seen.states.at(-1) !== state) seen.states.push(state);
  });
  const failed = new Promise((resolve) => client.errors.subscribe(resolve));
  try {
    if ("request" in rule.on) {
      await add(rule);
      void client.connect().catch(() => undefined);
      await failed;
      await clear();
    } else {
      const isAboutConnecting = "packet" in rule.on;
      if (!isAboutConnecting) await client.connect();
      const id = await add(rule);
      if (isAboutConnecting) void client.connect().catch(() => undefined);
      else for (const number of events) await say({ number });
      await happened(id);
    }
    seen.answer = await client.enqueue("subscribe:jobs", { jobId: "1" }).result;
  } finally {
    await client.destroy();
    await stop();
  }
  // How often it tries before the rule is gone is chance.
  return "request" in rule.on ? { ...seen, states: undefined, errors: new Set(seen.errors) } : seen;
}

const direction = "serverToClient";
const first = { direction, on: { event: { name: "said" } }, times: 1 };
const second = { direction, on: { event: { name: "said", nth: 2 } } };
const connect = { on: { packet: { type: "connect" } }, times: 1 };

/** What is done, and what the client hears of the events. */
const scenarios = {
  "a lost event": [{ ...second, do: "drop" }, [1, 3]],
  "an event that comes twice": [{ ...second, do: "duplicate" }, [1, 2, 2, 3]],
  "an event that comes late": [{ ...second, do: { reorder: {} } }, [1, 3, 2]],
  "another event": [
    { ...second, do: { replace: { text: '42/jobs,["said",{"number":7}]' } } },
    [1, 7, 3],
  ],
  "a delay": [{ ...second, do: { delay: { ms: 20 } } }, [1, 2, 3]],
  "a cut before an event": [{ ...first, do: { cut: {} } }, []],
  "a cut after an event": [{ ...first, do: { cut: { when: "after", with: "finish" } } }, [1]],
  "half a connection": [{ ...first, do: { halfClose: {} } }, []],
  "a malformed frame": [{ ...first, do: { malformed: { name: "json-cut-off" } } }, []],
  "a harmless frame": [
    { ...first, do: { malformed: { name: "ack-unknown", when: "after" } } },
    [1],
  ],
  "a server that sends away": [{ ...first, do: { disconnect: { when: "after" } } }, [1]],
  "a server that closes": [{ ...first, do: { disconnect: { close: true } } }, []],
  "an expired token": [{ ...connect, do: "expiredToken" }, []],
  "a refusal": [
    { ...connect, do: { connectError: { message: "no", data: { retryAfterMs: 1 } } } },
    [],
  ],
  "a busy server": [{ on: { request: {} }, do: { respond: { status: 503, retryAfter: 0 } } }, []],
  "a server without WebSockets": [
    { on: { request: { transport: "websocket" } }, do: { respond: { status: 400 } } },
    [],
  ],
  "a server that is away": [{ on: { request: {} }, do: "refuse" }, []],
};

for (const [name, [rule, heard]] of Object.entries(scenarios)) {
  test(`${name} is the same to a client`, { timeout: 20_000 }, async () => {
    const events = "nth" in (rule.on.event ?? {}) ? [1, 2, 3] : [1];
    const seat = await play(asSeat(), { rule: withoutTcp(rule), events });
    const program = await play(asProgram(), { rule, events });
    assert.deepEqual(seat.heard, heard);
    assert.deepEqual(seat.answer.success, true);
    assert.deepEqual(program, seat);
  });
}

/** How a connection ends on the wire, only the program can say. */
const withoutTcp = (rule) =>
  rule.do.cut ? { ...rule, do: { cut: { when: rule.do.cut.when } } } : rule;
