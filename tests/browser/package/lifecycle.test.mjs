/** What a client leaves behind: nothing. */
import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { after, before, test } from "node:test";
import { useBrowser } from "../support/browser.mjs";
import { startMock } from "../support/mock.mjs";
import { mode } from "../support/modes.mjs";
import { accept, startScripted } from "../support/scripted.mjs";
import { startSite } from "../support/site.mjs";
import { waitFor } from "../support/wait.mjs";

const browser = useBrowser();
let site, mock;
before(async () => {
  site = await startSite();
  mock = await startMock();
});
after(async () => {
  await mock?.stop();
  await site?.stop();
});

/** Counts in `window.left` what is pending: timers, sockets, listeners on targets of events. */
function countResources() {
  const timers = new Set();
  const sockets = new Set();
  const listeners = new Set();
  window.left = () => ({
    timers: timers.size,
    sockets: [...sockets].filter(({ readyState }) => readyState < WebSocket.CLOSING).length,
    handlers: [...sockets].filter((socket) => socket.onopen ?? socket.onmessage ?? socket.onclose)
      .length,
    listeners: listeners.size,
  });

  // The database is not asked by whoever waits here, and takes some milliseconds.
  window.leftAs = async (expected) => {
    const isThere = () => JSON.stringify(window.left()) === JSON.stringify(expected);
    for (let frame = 0; frame < 300 && !isThere(); frame++) {
      await new Promise((resolve) => requestAnimationFrame(resolve));
    }
    return window.left();
  };

  const { setTimeout: set, clearTimeout: clear, setInterval: repeat } = globalThis;
  globalThis.setTimeout = (callback, delay, ...args) => {
    const run = () => {
      timers.delete(id);
      callback(...args);
    };
    const id = set(run, delay);
    timers.add(id);
    return id;
  };
  globalThis.clearTimeout = (id) => {
    timers.delete(id);
    clear(id);
  };
  globalThis.setInterval = (...args) => {
    const id = repeat(...args);
    timers.add(id);
    return id;
  };
  const { clearInterval: stop } = globalThis;
  globalThis.clearInterval = (id) => {
    timers.delete(id);
    stop(id);
  };
  globalThis.WebSocket = class extends WebSocket {
    constructor(...args) {
      super(...args);
      sockets.add(this);
    }
  };
  // A signal that the client made itself goes away with it.
  const signals = new WeakSet();
  window.applicationSignal = () => {
    const { signal } = new AbortController();
    signals.add(signal);
    return signal;
  };
  // What was asked of the database ends by itself.
  const isOfDatabase = (target) => target instanceof IDBRequest || target instanceof IDBTransaction;
  const counts = (target) =>
    !isOfDatabase(target) && (!(target instanceof AbortSignal) || signals.has(target));
  const { addEventListener, removeEventListener } = EventTarget.prototype;
  // What the page itself listens to stays.
  addEventListener.call(window, "load", () => listeners.clear());
  const ids = new WeakMap();
  const keyOf = (target, type, listener) => {
    for (const part of [target, listener]) if (!ids.has(part)) ids.set(part, Math.random());
    return `${type} ${ids.get(target)} ${ids.get(listener)}`;
  };
  EventTarget.prototype.addEventListener = function (type, listener, ...options) {
    if (listener && counts(this)) {
      const key = keyOf(this ?? globalThis, type, listener);
      listeners.add(key);
      const { signal } = Object(options[0]);
      if (signal) addEventListener.call(signal, "abort", () => listeners.delete(key));
    }
    return addEventListener.call(this ?? globalThis, type, listener, ...options);
  };
  EventTarget.prototype.removeEventListener = function (type, listener, ...options) {
    if (listener) listeners.delete(keyOf(this ?? globalThis, type, listener));
    return removeEventListener.call(this ?? globalThis, type, listener, ...options);
  };
}

const nothing = { timers: 0, sockets: 0, handlers: 0, listeners: 0 };

test("leaves no timer, socket or listener after destroy()", async (t) => {
  const page = await browser.open(t, site.url, countResources);
  const start = async ({ url, used, nothing }) => {
    const { makeClient, take, outcome } = window.kit;
    await new Promise((resolve) => requestAnimationFrame(resolve));
    const client = makeClient(url, { path: "/primes/socket.io" });
    const welcome = take(client.on("welcome"), 1);
    client.on("job:started").subscribe(() => {}, { signal: window.applicationSignal() });
    client.respond("question", () => "answer");
    await client.connect();
    await welcome;
    const pending = outcome(client.request("never:answered"));
    const signal = window.applicationSignal();
    const abortable = outcome(client.with({ signal }).request("never:answered"));
    const busy = await window.leftAs(used);
    await client.destroy();
    const settled = [(await pending).code, (await abortable).code];
    const left = await window.leftAs(nothing);
    return { busy, settled, left, status: client.status.value };
  };
  // Eleven of the listeners, four of them the store's, and one timer are for the life of the page.
  const inPage = { timers: 2, sockets: 1, handlers: 1, listeners: 17 };
  // What a worker has goes with it; the page has to be told of three things less.
  const inWorker = { timers: 1, sockets: 0, handlers: 0, listeners: 14 };
  const used = mode === "page" ? inPage : inWorker;
  const { busy, settled, left, status } = await page.evaluate(start, {
    url: mock.url,
    used,
    nothing,
  });
  assert.deepEqual(busy, used, "counts what there is");
  assert.deepEqual(settled, ["client_destroyed", "client_destroyed"]);
  assert.deepEqual(left, nothing);
  assert.deepEqual(status, { state: "closed" });
  await waitFor("the server to see it", async () => (await mock.connections()).webSockets === 0);
});

/** Each makes `window.client` and brings it into another state. */
const states = {
  "before it connects": () => {},
  "while the core is being loaded": () => void window.client.connect(),
  "while it connects": async () => {
    const connecting = window.kit.until(window.client, "connecting");
    void window.client.connect();
    await connecting;
    await import("/sockeye/core.js");
  },
  "while it waits": async () => {
    await window.client.connect();
    await window.kit.until(window.client, "waiting");
  },
  "when it is disconnected": async () => {
    await window.client.connect();
    window.client.disconnect();
  },
};

for (const [when, arrive] of Object.entries(states)) {
  test(`leaves nothing when it is destroyed ${when}`, async (t) => {
    const cut = async (peer) => {
      await accept(peer);
      peer.terminate();
    };
    const server = await startScripted({ script: when === "while it waits" ? cut : undefined });
    t.after(server.stop);
    const page = await browser.open(t, site.url, countResources);
    await page.evaluate((url) => {
      const reconnect = { minMs: 60_000, baseMs: 60_000, capMs: 60_000 };
      window.client = window.kit.makeClient(url, { reconnect });
    }, server.url);
    await page.evaluate(arrive);
    const left = await page.evaluate(async (nothing) => {
      await window.client.destroy();
      await import("/sockeye/core.js");
      await new Promise((resolve) => requestAnimationFrame(() => requestIdleCallback(resolve)));
      return window.leftAs(nothing);
    }, nothing);
    assert.deepEqual(left, nothing);
    await waitFor("closed connections", () => server.peers.every(({ closed }) => closed));
    assert.deepEqual(page.errors, []);
  });
}

test("gives up asking the server why when it is destroyed", async (t) => {
  const asked = [];
  const server = await startScripted({ refuse: true, http: (request) => asked.push(request) });
  t.after(server.stop);
  const page = await browser.open(t, site.url, countResources);
  await page.evaluate((url) => {
    window.client = window.kit.makeClient(url);
    void window.client.connect();
  }, server.url);
  await waitFor("the question", () => asked.length === 1);
  await page.evaluate(() => window.client.destroy());
  await waitFor("its end", () => asked[0].socket.destroyed, 1_000);
  // The outbox's database may just have been opened.
  const isLeft = async () => !isDeepStrictEqual(await page.evaluate(() => window.left()), nothing);
  await waitFor("nothing to be left", async () => !(await isLeft()), 5_000);
});

test("cannot be used after destroy(), and says so", async (t) => {
  const page = await browser.open(t, site.url);
  const codes = await page.evaluate(async (url) => {
    const { makeClient, outcome, thrown } = window.kit;
    const client = makeClient(url);
    await client.destroy();
    await client.destroy();
    client.disconnect();
    client.reconnectNow();
    let completed = false;
    client.on("news").subscribe({ complete: () => (completed = true) });
    return {
      connect: (await outcome(client.connect())).code,
      request: (await outcome(client.request("question"))).code,
      emit: thrown(() => client.emit("news")).code,
      completed,
    };
  }, mock.url);
  const code = "client_destroyed";
  assert.deepEqual(codes, { connect: code, request: code, emit: code, completed: true });
});

test("destroys itself from inside any of its listeners", async (t) => {
  const server = await startScripted({
    script: async (peer) => {
      await accept(peer);
      peer.send('42["news",1]');
      peer.send('42["news",2]');
    },
  });
  t.after(server.stop);
  const page = await browser.open(t, site.url, countResources);
  const destroy = async ({ url, nothing }) => {
    const { makeClient } = window.kit;
    const destroyed = (arrange) =>
      new Promise((resolve) => {
        const client = makeClient(url);
        const seen = [];
        arrange(client, (what) => {
          seen.push(what);
          void client.destroy().then(() => requestAnimationFrame(() => resolve(seen)));
        });
        void client.connect();
      });
    return {
      event: await destroyed((client, end) => client.on("news").subscribe(end)),
      status: await destroyed((client, end) =>
        client.status.subscribe(({ state }) => state === "connected" && end(state)),
      ),
      left: await window.leftAs(nothing),
    };
  };
  const got = await page.evaluate(destroy, { url: server.url, nothing });
  assert.deepEqual(got, { event: [1], status: ["connected"], left: nothing });
  assert.deepEqual(page.errors, []);
});
