/** Whoever talks to the mock server with `--helper` hears what `sockeye-client/server` says. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import { createServerHelper, memoryStore } from "sockeye-client/server";
import { Server } from "socket.io";
import { io } from "socket.io-client";
import { startMock } from "../browser/support/mock.mjs";

/** The contract "jobs", as far as this test goes, with the helper. */
async function startJobs() {
  const http = createServer();
  const server = new Server(http, { path: "/jobs/socket.io" });
  const namespace = server.of("/jobs");
  const jobs = createServerHelper({ store: memoryStore() }).attach(namespace);
  namespace.on("connection", (socket) => {
    socket.on("subscribe:jobs", async (...args) => {
      const answer = args.pop();
      const room = args[0]?.jobId ? `job:${args[0].jobId}` : "all-jobs";
      await jobs.join(socket, room);
      answer({ success: true, room, message: `Subscribed to ${room}` });
    });
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  return {
    url: `http://127.0.0.1:${http.address().port}`,
    say: (data) => jobs.emit("said", data),
    stop: () => server.close(),
  };
}

async function startMockJobs() {
  const mock = await startMock({ args: ["--rate", "0", "--helper", "--contract", "jobs"] });
  return { ...mock, say: (data) => mock.post("/api/broadcast", { event: "said", data }) };
}

/** Says and hears everything that the contract has; returns what was heard. */
async function talk(t, server, path) {
  const heard = [];
  const connect = async () => {
    const options = { path, transports: ["websocket"], forceNew: true, reconnection: false };
    const client = io(`${server.url}/jobs`, options);
    t.after(() => client.disconnect());
    client.onAny((...event) => heard.push(event));
    const [hello] = await once(client, "sockeye:hello");
    return { client, hello };
  };
  const first = await connect();
  const ask = async (client, ...args) => {
    heard.push(await new Promise((resolve) => client.emit(...args, (...ack) => resolve(ack))));
  };
  const act = (payload, envelope) => {
    const whole = { c: "c", e: 1, lane: "", m: first.hello.memory, ...envelope };
    return ask(first.client, "subscribe:jobs", ...payload, { $sockeye: whole });
  };
  await ask(first.client, "subscribe:jobs");
  await act([{ jobId: "1" }], { k: "first", n: 1 });
  await act([{ jobId: "1" }], { k: "first", n: 1 });
  await act([{ jobId: "2" }], { k: "first", n: 1 });
  await act([], { k: "third", n: 3 });
  await act([], { k: "second", n: 2 });
  await act([], { k: "used", n: 2 });
  await act([], { k: "early epoch", n: 2, e: 2 });
  await act([], { k: "epoch", n: 1, e: 2 });
  await act([], { k: "late epoch", n: 3 });
  await act([], { k: "memory", n: 2, e: 2, m: "another" });
  for (const wrong of [{}, { n: 0 }, { n: "2" }, { n: 1.5 }, { k: 1 }, { k: "" }, { lane: null }]) {
    await act([], { k: "wrong", ...wrong });
  }
  await act([], { k: "long lane", lane: "l".repeat(257), n: 1 });

  const said = once(first.client, "said");
  await server.say({ number: 1 });
  await said;
  first.client.disconnect();
  for (const number of [2, 3]) await server.say({ number });
  const { client, hello } = await connect();
  const [[, epoch]] = hello.positions;
  for (const seq of [0, 1, 3, 4])
    await ask(client, "sockeye:since", { streams: [["*", epoch, seq]] });
  await ask(client, "sockeye:since", { streams: [["*", "another", 1]] });
  await ask(client, "sockeye:since", { streams: [["all-jobs", epoch, 0], ["*", epoch], null] });
  await ask(client, "sockeye:since", {});
  return heard;
}

/** Ids are random, times go by, and what is wrong may be said in other words. */
function comparable(heard) {
  const names = new Map();
  const nameOf = (id) => names.get(id) ?? names.set(id, `id ${names.size + 1}`).get(id);
  const ids = /[0-9a-f]{32}(-\d+)?/g;
  return JSON.parse(JSON.stringify(heard), (key, value) => {
    if (key === "time") return typeof value;
    if (key === "message" && !value.startsWith("Subscribed")) return typeof value;
    return typeof value === "string" ? value.replace(ids, nameOf) : value;
  });
}

test("the mock server says what the helper says", async (t) => {
  const [node, mock] = await Promise.all([startJobs(), startMockJobs()]);
  t.after(() => Promise.all([node.stop(), mock.stop()]));
  const ours = comparable(await talk(t, node, "/jobs/socket.io"));
  const theirs = comparable(await talk(t, mock, "/socket.io"));
  assert.ok(ours.length > 30);
  assert.deepEqual(theirs, ours);
});
