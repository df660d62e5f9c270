/**
 * The core traps again and again, at all its entries, while actions are enqueued: none is lost.
 *
 * More of it: `TRAPS=400 SEED=2 npm run test:interop -- containment`.
 */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { Server } from "socket.io";
import { createServerHelper, memoryStore } from "sockeye-client/server";
import { memoryOutboxStore } from "sockeye-client/stores";
import { useBrowser } from "../browser/support/browser.mjs";
import { listen } from "../browser/support/listen.mjs";
import { startSite } from "../browser/support/site.mjs";
import { storm } from "../browser/site/storm.js";
import { setTraps } from "../browser/site/traps.js";

const limit = { timeout: 240_000 };
const seed = Number(process.env.SEED ?? 1);
const traps = (otherwise) => Number(process.env.TRAPS ?? otherwise);

// The library under socket.io, from where socket.io finds it.
const fromSocketIo = createRequire(createRequire(import.meta.url).resolve("socket.io"));
const { WebSocket } = createRequire(fromSocketIo.resolve("engine.io"))("ws");

const browser = useBrowser();
let site;
before(async () => (site = await startSite()));
after(() => site?.stop());

/** A server with the helper that counts how often it applies each value. */
async function startServer(t) {
  const http = await listen((_, response) => response.writeHead(404).end());
  const io = new Server(http.server, { cors: { origin: "*" } });
  createServerHelper({ store: memoryStore() }).attach(io);
  const applied = new Map();
  const serve = (socket) => {
    socket.on("save", (value, acknowledge) => {
      applied.set(value, (applied.get(value) ?? 0) + 1);
      acknowledge("saved");
    });
    socket.on("ask", (acknowledge) => acknowledge?.("yes"));
    socket.on("askMe", () => socket.emit("whoAreYou", () => {}));
    socket.on("tellMe", () => {
      socket.emit("told", 1);
      socket.emit("known", { id: "one" });
      socket.emit("bytes", new Uint8Array([1, 2]));
    });
    socket.on("cutMe", () => socket.conn.close());
  };
  io.on("connection", serve);
  for (let number = 0; number < 4; number++) io.of(`/n${number}`).on("connection", serve);
  t.after(async () => {
    await http.stop();
    await io.close(); // would wait for connections on which a browser has not asked yet
  });
  return { url: http.url, applied };
}

/** Each accepted action was applied once, but for those that were cancelled before they were sent. */
function assertNothingLost(
  { actions, left, failures, lateCalls, sprung, instances },
  applied,
  count,
) {
  assert.ok(sprung.length >= count, `${sprung.length} traps`);
  assert.ok(instances > count, `${instances} instances`);
  assert.ok(failures > count, `${failures} failures were told`);
  assert.deepEqual(lateCalls, [], "a core was called after it had failed");
  const wrong = actions.filter(({ value, isAccepted, isCancelled, code }) => {
    const times = applied.get(value) ?? 0;
    if (isCancelled && code === "action_cancelled") return times > 0;
    // Whoever knew how it ended may have failed before the other client was told.
    const isEnd = code === "applied" || code === "action_unknown";
    return isAccepted ? times !== 1 || !isEnd : times > 0;
  });
  assert.deepEqual(wrong, []);
  assert.deepEqual(left, [0, 0]);
  const accepted = actions.filter(({ isAccepted }) => isAccepted).length;
  assert.ok(accepted > count, `${accepted} actions were accepted`);
}

const reconnect = { minMs: 5, baseMs: 10, capMs: 20 };

test("loses no action when the core traps at any entry, in Node", limit, async (t) => {
  const count = traps(50);
  const server = await startServer(t);
  const set = setTraps();
  const { createClient } = await import("sockeye-client");
  const uncaught = [];
  const note = (error) => uncaught.push(error);
  process.on("uncaughtException", note);
  t.after(() => process.off("uncaughtException", note));
  const store = memoryOutboxStore();
  const makeClient = ({ outbox, ...options }) =>
    createClient(server.url, {
      ...{ webSocket: WebSocket, reconnect, outbox: { store, ...outbox } },
      ...options,
    });
  const result = await storm({ makeClient, traps: set, count, seed });
  t.diagnostic(`${result.sprung.length} traps, ${result.actions.length} actions`);
  assertNothingLost(result, server.applied, count);
  assert.deepEqual(uncaught, []);
});

test("loses no action when the core traps at any entry, in a browser", limit, async (t) => {
  const count = traps(20);
  const server = await startServer(t);
  const page = await browser.open(t, site.url);
  const result = await page.evaluate(
    async ({ url, ...options }) => {
      const [{ setTraps }, { storm }] = await Promise.all([
        import("/traps.js"),
        import("/storm.js"),
      ]);
      const reconnect = { minMs: 5, baseMs: 10, capMs: 20 };
      const makeClient = (given) => window.kit.makeClient(url, { reconnect, ...given });
      return storm({ makeClient, traps: setTraps(), ...options });
    },
    { url: server.url, count, seed },
  );
  t.diagnostic(`${result.sprung.length} traps, ${result.actions.length} actions`);
  assertNothingLost(result, server.applied, count);
  // What browsers say when the other end has just closed.
  const errors = page.errors.filter((text) => !text.includes("CLOSING or CLOSED"));
  assert.deepEqual(errors, []);
});
