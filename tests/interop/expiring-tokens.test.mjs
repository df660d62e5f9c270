/**
 * Tokens that expire again and again while actions are enqueued, against the real socket.io.
 *
 * `EXPIRIES=1000 npm run test:interop -- expiring` lets more of them expire.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { describe, test } from "node:test";
import { Server } from "socket.io";
import { createClient } from "sockeye-client";
import { createServerHelper, memoryStore } from "sockeye-client/server";
import { memoryOutboxStore } from "sockeye-client/stores";
import { WebSocket } from "ws";

const EXPIRIES = Number(process.env.EXPIRIES ?? 40);
/** So many actions are applied with each token, and up to so many more that are on their way. */
const PER_TOKEN = 5;
const ON_THEIR_WAY = 8;
const limit = { timeout: 30_000 + EXPIRIES * 1_000 };
const reconnect = { minMs: 1, baseMs: 2, capMs: 10 };
const CANARY = "canary";

/** A server that takes only the newest token, and makes that expire after some actions. */
class Doorman {
  saved = [];
  urls = [];
  /** How many tokens have expired, and how often one was refused. */
  expired = 0;
  refused = 0;
  #expiries;
  #isAsked = false;
  #left = PER_TOKEN;

  /** After so many expiries tokens stay good. */
  constructor(expiries) {
    this.#expiries = expiries;
  }

  async start(t, helper) {
    const http = createServer();
    const io = new Server(http);
    for (const event of ["request", "upgrade"]) http.on(event, ({ url }) => this.urls.push(url));
    if (helper) createServerHelper({ store: memoryStore() }).attach(io);
    io.use((socket, next) => next(this.#check(socket.handshake.auth.token)));
    io.on("connection", (socket) => this.#serve(socket));
    http.listen(0, "127.0.0.1");
    await once(http, "listening");
    t.after(async () => {
      const closed = new Promise((resolve) => void io.close(resolve));
      http.closeAllConnections();
      await closed;
    });
    return `http://127.0.0.1:${http.address().port}`;
  }

  /** Gives out a token, over a way that takes some time. */
  async refresh() {
    assert.equal(this.#isAsked, false, "one refresh at a time");
    this.#isAsked = true;
    await new Promise((resolve) => setImmediate(resolve));
    this.#isAsked = false;
    return this.#token;
  }

  get #token() {
    return `${CANARY}-${this.expired}`;
  }

  #check(token) {
    if (token === this.#token) return undefined;
    this.refused += 1;
    return new Error("expired");
  }

  #serve(socket) {
    socket.on("save", (value, done) => {
      this.saved.push(value);
      done(value);
      this.#left -= 1;
      const isCurrent = socket.handshake.auth.token === this.#token;
      if (this.#left > 0 || this.expired === this.#expiries || !isCurrent) return;
      this.#left = PER_TOKEN;
      this.expired += 1;
      socket.conn.close();
    });
  }
}

/** A store that notes what it is given. */
function notingStore(noted) {
  const store = memoryOutboxStore();
  const open = async (...where) => {
    noted.push(where);
    const partition = await store.open(...where);
    return new Proxy(partition, {
      get(target, name) {
        const value = target[name];
        if (typeof value !== "function") return value;
        return (...args) => {
          noted.push(args);
          return value.apply(target, args);
        };
      },
    });
  };
  return { durability: store.durability, open };
}

/** Notes what goes to the console until the test ends. */
function noteConsole(t, noted) {
  for (const name of ["debug", "error", "info", "log", "warn"]) {
    t.mock.method(console, name, (...args) => noted.push(args.map(String)));
  }
}

/** All that can be read in a value: also of errors, and of what their properties hold. */
function textOf(value) {
  const seen = new Set();
  const read = (part) => {
    if (typeof part !== "object" || part === null) return String(part);
    if (seen.has(part)) return "";
    seen.add(part);
    return Reflect.ownKeys(part)
      .map((key) => `${String(key)}: ${read(part[key])}`)
      .join("\n");
  };
  return read(value);
}

/** Tokens are in CONNECT only, and no action goes out before that is accepted. `<` marks what has come. */
function assertPaused(frames) {
  let isAccepted = false;
  for (const frame of frames) {
    if (/^<?4[04]\{/.test(frame)) isAccepted = frame.startsWith("<40");
    else assert.ok(!frame.includes(CANARY), frame);
    assert.ok(isAccepted || !frame.startsWith("42"), `sent meanwhile: ${frame}`);
  }
}

for (const [transport, helper] of [
  ["websocket", true],
  ["websocket", false],
  ["polling", true],
]) {
  const expiries = transport === "polling" ? Math.ceil(EXPIRIES / 4) : EXPIRIES; // it is slow
  describe(
    `tokens that expire, by ${transport}, ${helper ? "with" : "without"} a helper`,
    limit,
    () => {
      test("stop the outbox and drop nothing of it, and are in nothing but CONNECT", async (t) => {
        const doorman = new Doorman(expiries);
        const url = await doorman.start(t, helper);
        const frames = [];
        class NotingSocket extends WebSocket {
          constructor(...args) {
            super(...args);
            doorman.urls.push(String(args[0]));
            this.addEventListener("message", ({ data }) => frames.push(`<${data}`));
          }
          send(data) {
            frames.push(String(data));
            super.send(data);
          }
        }
        const [told, stored] = [[], []];
        noteConsole(t, told);
        let token = await doorman.refresh();
        const client = createClient(url, {
          ...{ transports: [transport], webSocket: NotingSocket, reconnect },
          outbox: { store: notingStore(stored), maxItems: 1_000_000 },
          auth: async ({ reason }) => {
            if (reason === "expired") token = await doorman.refresh();
            return { token };
          },
        });
        t.after(() => client.destroy());
        client.errors.subscribe((error) => told.push(error));
        client.status.subscribe((status) => told.push(status));
        const trace = client.trace({ size: 100_000, payloads: true });

        await client.connect();
        const count = (expiries + 1) * (PER_TOKEN + ON_THEIR_WAY);
        const numbers = Array.from({ length: count }, (_, number) => number);
        const actions = numbers.map((number) => client.enqueue("save", number));
        for (const action of actions) action.status.subscribe((status) => told.push(status));
        assert.deepEqual(await Promise.all(actions.map(({ result }) => result)), numbers);

        const once = doorman.saved.filter((value, index) => doorman.saved.indexOf(value) === index);
        assert.deepEqual(once, numbers, "all, in their order");
        if (helper) assert.deepEqual(doorman.saved, numbers, "and each once");
        assert.equal(doorman.expired, expiries);
        assert.ok(doorman.refused >= expiries, `${doorman.refused} refusals`);
        assert.deepEqual(client.outbox.items.value, []);

        if (transport === "websocket") assertPaused(frames);
        told.push(trace.entries, client.metrics.value);
        assert.ok(doorman.urls.length > expiries, "there is something to look at");
        assert.ok(stored.length > count);
        for (const [where, value] of Object.entries({ urls: doorman.urls, told, stored })) {
          assert.ok(!textOf(value).includes(CANARY), `no token in ${where}`);
        }
      });
    },
  );
}
