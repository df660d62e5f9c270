/** What the mock server records of the real socket.io, and says again to the official client and to ours. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { io } from "socket.io-client";
import { createClient } from "sockeye-client";
import { mockProgram } from "../browser/support/mock.mjs";
import { startPrimes } from "./primes-server.mjs";
import { startProgram } from "./processes.mjs";

const limit = { timeout: 30_000 };
const fromSocketIo = createRequire(createRequire(import.meta.url).resolve("socket.io"));
const { WebSocket } = createRequire(fromSocketIo.resolve("engine.io"))("ws");

/** A namespace with everything that a recording has to hold: binary data, answers both ways, a refusal. */
function serveChat(server) {
  const chat = server.io.of("/chat");
  chat.use((socket, next) => {
    const refusal = Object.assign(new Error("refused"), { data: { code: 7 } });
    next(socket.handshake.auth.token === "good" ? undefined : refusal);
  });
  chat.on("connection", (socket) => {
    socket.emit("hello", { you: socket.id });
    socket.on("say", async (text, answer) => {
      socket.emit("said", { text, bytes: Buffer.from([0, 255, 7]) });
      answer({ heard: text, bytes: Buffer.from(text) });
      const name = await socket.timeout(5_000).emitWithAck("who", { asks: "server" });
      socket.emit("known", { name });
      for (let n = 1; n <= 50; n++) socket.emit("tick", { n });
    });
  });
}

const told = ["hello", "said", "known", "tick"];

/** The two clients, with the same few words. */
const clients = {
  "the official client": (url, token, transports) => {
    const options = { auth: { token }, transports, autoConnect: false, forceNew: true };
    const socket = io(`${url}/chat`, { ...options, reconnection: false });
    socket.on("who", (_question, answer) => answer("ada"));
    return {
      on: (event, listener) => socket.on(event, listener),
      ask: (event, value) => socket.emitWithAck(event, value),
      connect: () =>
        new Promise((resolve, reject) => {
          socket.once("connect", resolve);
          socket.once("connect_error", (error) => reject({ data: error.data }));
          socket.connect();
        }),
      close: () => socket.disconnect(),
    };
  },
  sockeye: (url, token, transports) => {
    const options = { auth: { token }, transports, webSocket: WebSocket };
    const client = createClient(`${url}/chat`, options);
    client.respond("who", () => "ada");
    return {
      on: (event, listener) => client.on(event).subscribe(listener),
      ask: (event, value) => client.request(event, value),
      connect: () => client.connect().catch((error) => Promise.reject({ data: error.data.data })),
      close: () => client.destroy(),
    };
  },
};

/** Readable, whatever binary data are for this client. */
const readable = (value) =>
  value.bytes ? { ...value, bytes: [...new Uint8Array(value.bytes)] } : value;

/** Does what there is to do at a server; resolves with all that was told, in order. */
async function visit(create, url, transports) {
  const refused = create(url, "bad", transports);
  const refusal = await refused.connect().then(assert.fail, (error) => error);
  await refused.close();

  const client = create(url, "good", transports);
  const events = [];
  const all = new Promise((resolve) => {
    for (const event of told) {
      client.on(event, (value) => {
        events.push([event, event === "hello" ? Object.keys(value) : readable(value)]);
        if (value.n === 50) resolve();
      });
    }
  });
  await client.connect();
  const answer = readable(await client.ask("say", "hi"));
  await all;
  await client.close();
  return { refusal, answer, events };
}

/** Starts the mock server with these flags; resolves with its address, and with what ends it. */
async function startMockWith(t, args) {
  const ready = /^listening on (\S+)/;
  const { child, found } = await startProgram(t, mockProgram, ["--port", "0", ...args], ready);
  return { child, url: found[1] };
}

for (const [recorder, create] of Object.entries(clients)) {
  for (const transports of [["websocket"], ["polling"], ["polling", "websocket"]]) {
    const title = `what ${recorder} hears over ${transports.join(" and ")} is heard again`;
    test(title, limit, async (t) => {
      const directory = mkdtempSync(path.join(tmpdir(), "sockeye-recording-"));
      t.after(() => rmSync(directory, { recursive: true, force: true }));
      const file = path.join(directory, "chat.jsonl");
      const server = await startPrimes();
      serveChat(server);
      const recording = ["--record", file, "--upstream", server.url, "--redact"];
      const { url, child } = await startMockWith(t, recording);
      const heard = await visit(create, url, transports);
      child.kill();
      await server.stop();

      assert.deepEqual(heard.refusal.data, { code: 7 });
      assert.equal(heard.events.length, 53);
      assert.ok(!/"good"|"bad"/.test(readFileSync(file, "utf8")), "no token is in it");
      for (const [listener, another] of Object.entries(clients)) {
        for (const speed of ["1", "max"]) {
          const replay = await startMockWith(t, ["--replay", file, "--speed", speed]);
          const again = await visit(another, replay.url, transports);
          assert.deepEqual(again, heard, `${listener} at speed ${speed}`);
          const report = await (await fetch(`${replay.url}/control/replay`)).json();
          // The recorder may be gone before the client's last word.
          const unlike = report.mismatches.filter(({ type }) => type !== "disconnect");
          assert.deepEqual(unlike, [], `${listener} at speed ${speed}`);
        }
      }
    });
  }
}
