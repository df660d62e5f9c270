/** Servers that say what they must not: nobody falls over, nothing is asked for again and again. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createClient } from "sockeye-client";
import { io } from "sockeye-client/compat";
import { WebSocket } from "ws";
import { waitFor } from "../browser/support/wait.mjs";
import { startServer } from "../compat/server.mjs";

globalThis.WebSocket ??= WebSocket; // before Node 22 there is none

const limit = { timeout: 20_000 };

/** A handshake with these fields changed. */
const handshake = (changes) =>
  `0${JSON.stringify({
    sid: "engine-id",
    upgrades: [],
    pingInterval: 25_000,
    pingTimeout: 20_000,
    maxPayload: 1_000_000,
    ...changes,
  })}`;

const badHandshakes = {
  "an empty body": "",
  "a page": "<!doctype html><title>Log in</title>",
  "a type only": "0",
  "half an object": '0{"sid":"x"',
  "no fields": "0{}",
  null: "0null",
  "an array": "0[]",
  "no sid": handshake({ sid: undefined }),
  "an empty sid": handshake({ sid: "" }),
  "a sid that is a number": handshake({ sid: 7 }),
  "a pingInterval of 0": handshake({ pingInterval: 0 }),
  "a pingInterval that is negative": handshake({ pingInterval: -1 }),
  "a pingInterval that no timer can wait": handshake({ pingInterval: 3e9 }),
  "a pingTimeout in words": handshake({ pingTimeout: "20s" }),
  "a pingTimeout that is none": handshake({ pingTimeout: null }),
  "a maxPayload of 0": handshake({ maxPayload: 0 }),
  "a message before it": `42["early"]`,
  "an unknown type": "7",
  "100,000 separators": "\x1e".repeat(100_000),
  "half of base64": "b",
};

const badPackets = {
  "an unknown type": "7",
  "no packet": "",
  "separators only": "\x1e\x1e\x1e",
  "base64 that is none": "b!!!!",
  "a second handshake": handshake({ sid: "another" }),
  "an unasked 5": "5",
  "a Socket.IO packet of no type": "4",
  "a Socket.IO packet of type 9": "49",
  "a reserved event": `42["connect"]`,
  "an event without a name": "42[]",
  "an event that is an object": "42{}",
  "an event named by an object": `42[{"toString":"x"}]`,
  "JSON that ends too early": `42["some`,
  "a count with nothing behind it": "45",
  "a count of 20 digits": `4599999999999999999999-["a"]`,
  "a count of 0": `450-["a"]`,
  "an acknowledgement without a number": `43["a"]`,
  "an id of 400 digits": `42${"9".repeat(400)}["a"]`,
  "a namespace without an end": `42/${"n".repeat(100_000)}`,
  "100,000 levels of nesting": `42["a",${"[".repeat(100_000)}`,
  "an unasked PONG": "3",
};

/** Harmless, however odd: the session goes on. */
const oddPackets = {
  "a NOOP": "6",
  "an unasked 2probe": "2probe",
  "1,000 pings": Array.from({ length: 1_000 }, () => "2").join("\x1e"),
  "a DISCONNECT of an unknown namespace": "41/unknown",
  "an event of an unknown namespace": `42/unknown,["a"]`,
  "an unknown acknowledgement": "43999[1]",
  "an event named __proto__": `42["__proto__",{"__proto__":1}]`,
  "an event named constructor": `42["constructor"]`,
};

/** Both clients behind one face. */
const subjects = {
  "sockeye-client": (t, url, transports) => {
    const reconnect = { minMs: 10, baseMs: 20, capMs: 50 };
    const client = createClient(url, { transports, reconnect, upgrade: false });
    t.after(() => client.destroy());
    const errors = [];
    client.errors.subscribe(({ code }) => errors.push(code));
    // What nobody listens to is dropped without a word.
    client.on("too many").subscribe(() => errors.push("delivered"));
    void client.connect().catch(() => undefined);
    return { errors, ask: (value) => client.request("echo", value) };
  },
  "sockeye-client/compat": (t, url, transports) => {
    const delays = { reconnectionDelay: 10, reconnectionDelayMax: 50 };
    const socket = io(url, { ...delays, transports, upgrade: false, forceNew: true });
    t.after(() => {
      socket.io.reconnection(false);
      socket.disconnect();
    });
    const errors = [];
    socket.io.on("error", ({ message }) => errors.push(message));
    socket.on("disconnect", (reason) => errors.push(reason));
    socket.on("connect_error", ({ message }) => {
      errors.push(message);
      if (!socket.active) socket.connect();
    });
    return { errors, ask: (value) => socket.emitWithAck("echo", value) };
  },
};

/** Starts a server, and watches for exceptions that nobody catches. */
async function setUp(t) {
  const uncaught = [];
  const note = (error) => uncaught.push(error);
  for (const event of ["uncaughtException", "unhandledRejection"]) {
    process.on(event, note);
    t.after(() => process.off(event, note));
  }
  const server = await startServer();
  t.after(() => server.stop());
  return { server, uncaught };
}

const handshakesOf = (server) => server.requests().filter(({ url }) => !url.includes("sid="));

/** Asks until there is an answer: a question that was under way may be lost with its session. */
async function answered(ask) {
  const one = () => Promise.race([ask(1), new Promise((resolve) => setTimeout(resolve, 500))]);
  await waitFor("an answer", () => one().catch(() => undefined));
}

for (const [name, connect] of Object.entries(subjects)) {
  for (const [what, body] of Object.entries(badHandshakes)) {
    test(`${name} survives a handshake with ${what}`, limit, async (t) => {
      const { server, uncaught } = await setUp(t);
      server.answerGet(body, { handshake: true });
      const { errors, ask } = connect(t, server.url, ["polling"]);
      await answered(ask);
      assert.ok(errors.length > 0, "it is told");
      assert.equal(handshakesOf(server).length, 2, "one more attempt");
      assert.deepEqual(uncaught, []);
    });
  }

  for (const [what, packet] of Object.entries(badPackets)) {
    test(`${name} survives ${what} (polling)`, limit, async (t) => {
      const { server, uncaught } = await setUp(t);
      const { errors, ask } = connect(t, server.url, ["polling"]);
      await answered(ask);
      server.answerGet(packet);
      server.emit("/", "what ends the GET under way");
      await waitFor("it to be told", () => errors.length > 0);
      await answered(ask);
      assert.equal(handshakesOf(server).length, 2, "one more session");
      assert.deepEqual(uncaught, []);
    });

    test(`${name} survives ${what} (websocket)`, limit, async (t) => {
      const { server, uncaught } = await setUp(t);
      const { errors, ask } = connect(t, server.url, ["websocket"]);
      await answered(ask);
      server.sendRaw(packet);
      await waitFor("it to be told", () => errors.length > 0);
      await answered(ask);
      assert.equal(handshakesOf(server).length, 2, "one more session");
      assert.deepEqual(uncaught, []);
    });
  }

  for (const [what, packet] of Object.entries(oddPackets)) {
    test(`${name} takes ${what} with a shrug`, limit, async (t) => {
      const { server, uncaught } = await setUp(t);
      const { errors, ask } = connect(t, server.url, ["websocket"]);
      await answered(ask);
      server.sendRaw(...packet.split("\x1e"));
      await answered(ask);
      assert.deepEqual(errors, []);
      assert.equal(handshakesOf(server).length, 1, "the same session");
      assert.deepEqual(uncaught, []);
    });
  }

  for (const transports of [["polling"], ["websocket"]]) {
    test(`${name} takes 64 attachments, and drops 65 (${transports})`, limit, async (t) => {
      const { server, uncaught } = await setUp(t);
      const { errors, ask } = connect(t, server.url, transports);
      await answered(ask);
      server.emitBytes("/", "many", 64);
      await answered(ask);
      assert.deepEqual(errors, []);
      server.emitBytes("/", "too many", 65);
      await waitFor("it to be told", () => errors.length > 0);
      server.emitBytes("/", "many", 2);
      await answered(ask);
      assert.equal(errors.length, 1, errors.join());
      assert.equal(handshakesOf(server).length, 1, "the same session");
      assert.deepEqual(uncaught, []);
    });
  }
}
