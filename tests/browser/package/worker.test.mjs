/** A client whose core is in a worker: what is where, and what follows when there is no worker, or none any more. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Server } from "socket.io";
import { useBrowser } from "../support/browser.mjs";
import { listen } from "../support/listen.mjs";
import { startServer as startSaving } from "../support/saving.mjs";
import { startSite } from "../support/site.mjs";
import { waitFor } from "../support/wait.mjs";

const browser = useBrowser();
let site;
before(async () => (site = await startSite()));
after(() => site.stop());

/** A server that counts `count` and answers how far it is, and sends bursts of events. */
async function startServer(t) {
  const http = await listen();
  const io = new Server(http.server, { cors: { origin: "*" } });
  const counted = [];
  io.on("connection", (socket) => {
    socket.on("count", (number, answer) => answer(counted.push(number)));
    socket.on("quotes", (count) => {
      for (let price = 0; price < count; price++) {
        socket.emit("quote", { symbol: `S${price % 10}`, price });
      }
      socket.emit("burst-over");
    });
    socket.on("news", (events) => {
      for (const [name, id] of events) socket.emit(name, { id });
      socket.emit("burst-over");
    });
    socket.on("burst", (name, count) => {
      for (let number = 0; number < count; number++) socket.emit(name, number);
      socket.emit("burst-over");
    });
  });
  t.after(async () => {
    await http.stop();
    await io.close();
  });
  return { url: http.url, io, counted };
}

/** A page with `window.client`, not yet connected; `window.workers` and `window.codes` of what it told. */
async function openClient(t, url, { file = "/socketWorker.js", from = site, ...options } = {}) {
  const page = await browser.open(t, from.url, countWork);
  await page.evaluate(
    ([url, file, options]) => {
      Object.assign(window, { workers: [], told: [] });
      const worker = () => {
        const worker = new Worker(file, { type: "module" });
        window.workers.push(worker);
        return worker;
      };
      window.client = window.kit.makeClient(url, { worker, ...options });
      window.client.errors.subscribe((error) => window.told.push(window.kit.describe(error)));
    },
    [url, file, options],
  );
  return page;
}

/** Counts in `window.messages` what comes over ports, in `window.modules` what the page makes of wasm. */
function countWork() {
  Object.assign(window, { messages: 0, modules: 0 });
  const { instantiate } = WebAssembly;
  WebAssembly.instantiate = (...args) => {
    window.modules += 1;
    return instantiate(...args);
  };
  const { set } = Object.getOwnPropertyDescriptor(MessagePort.prototype, "onmessage");
  Object.defineProperty(MessagePort.prototype, "onmessage", {
    set(handle) {
      set.call(this, (event) => {
        window.messages += 1;
        handle.call(this, event);
      });
    },
  });
}

const connect = (page) => page.evaluate(() => window.client.connect());
const told = (page) => page.evaluate(() => window.told.map(({ code }) => code));
const state = (page) => page.evaluate(() => window.client.status.value.state);

test("has its core in the worker, and the page loads none", async (t) => {
  const { url } = await startServer(t);
  const page = await openClient(t, url);
  await connect(page);
  assert.equal(await page.evaluate(() => window.client.request("count", 1)), 1);
  assert.equal(await page.evaluate(() => window.modules), 0);
  assert.equal(page.workers().length, 1);
  assert.deepEqual(await told(page), []);
  assert.deepEqual(page.errors, []);
});

test("lets nothing cross that nobody listens to, and in few messages what comes at once", async (t) => {
  const { url } = await startServer(t);
  const page = await openClient(t, url);
  await connect(page);
  const burst = (name) =>
    page.evaluate(async (name) => {
      const over = window.kit.take(window.client.on("burst-over"), 1);
      const before = window.messages;
      window.client.emit("burst", name, 1_000);
      await over;
      return window.messages - before;
    }, name);
  assert.ok((await burst("unheard")) < 10);
  await page.evaluate(() => {
    window.numbers = [];
    window.client.on("heard").subscribe((number) => window.numbers.push(number));
  });
  const messages = await burst("heard");
  assert.ok(messages < 1_000, `${messages} messages`);
  const numbers = await page.evaluate(() => window.numbers);
  assert.deepEqual(
    numbers,
    Array.from({ length: 1_000 }, (_, number) => number),
  );
});

test("has a conflated stream cross once per frame, with the newest of each key", async (t) => {
  const { url } = await startServer(t);
  const page = await openClient(t, url);
  await connect(page);
  const seen = await page.evaluate(async () => {
    const { conflate } = await import("/sockeye/index.js");
    const over = window.kit.take(window.client.on("burst-over"), 1);
    const quotes = conflate(window.client.on("quote"), "symbol", { every: 100 });
    const prices = new Map();
    let batches = 0;
    const before = window.messages;
    const complete = new Promise((resolve) => {
      quotes.subscribe((changed) => {
        batches += 1;
        for (const [symbol, { price }] of changed) prices.set(symbol, price);
        if ([...prices.values()].every((price) => price >= 1_990)) resolve();
      });
    });
    window.client.emit("quotes", 2_000);
    await over;
    await complete;
    return { messages: window.messages - before, batches, prices: [...prices] };
  });
  const newest = Array.from({ length: 10 }, (_, index) => [`S${index}`, 1_990 + index]);
  assert.deepEqual(seen.prices.sort(), newest);
  assert.ok(seen.messages <= 2 * seen.batches + 5, JSON.stringify(seen));
});

test("answers pings while the page's main thread stands still", async (t) => {
  const http = await listen();
  const io = new Server(http.server, {
    cors: { origin: "*" },
    pingInterval: 100,
    pingTimeout: 5_000,
  });
  const reasons = [];
  const pongs = [];
  io.on("connection", (socket) => {
    socket.conn.on("heartbeat", () => pongs.push(socket.id));
    socket.on("disconnect", (reason) => reasons.push(reason));
  });
  t.after(async () => {
    await http.stop();
    await io.close();
  });
  const page = await openClient(t, http.url);
  await connect(page);
  const before = pongs.length;
  const spin = page.evaluate(() => {
    for (const end = performance.now() + 1_500; performance.now() < end;);
  });
  const hasEnded = spin.then(() => true);
  await waitFor("pongs", () => pongs.length - before >= 4);
  assert.equal(await Promise.race([hasEnded, false]), false);
  await spin;
  assert.deepEqual(reasons, []);
});

test("goes on with another worker when its own has ended, and loses no action", async (t) => {
  const { url, counted } = await startServer(t);
  const page = await openClient(t, url, { outbox: { durability: "strict" } });
  await connect(page);
  await page.evaluate(() => {
    window.client.outbox.pause();
    window.action = window.client.enqueue("count", 7);
    return window.action.accepted;
  });
  await page.evaluate(() => window.workers[0].terminate());
  await waitFor(
    "another worker",
    async () => (await page.evaluate(() => window.workers.length)) === 2,
  );
  await page.evaluate(() => window.kit.until(window.client, "connected"));
  await page.evaluate(() => window.client.outbox.resume());
  assert.equal(await page.evaluate(() => window.action.result), 1);
  assert.deepEqual(counted, [7]);
  assert.deepEqual(await told(page), ["core_failed"]);
});

/** Counts in `window.databases` what the page itself opens. */
function countDatabases() {
  window.databases = 0;
  const { open } = IDBFactory.prototype;
  IDBFactory.prototype.open = function (...args) {
    window.databases += 1;
    return open.apply(this, args);
  };
}

/** Makes `window.client`, with a worker. */
const begin = (page, url, file = "/socketWorker.js") =>
  page.evaluate(
    ([url, file]) => {
      const worker = () => new Worker(file, { type: "module" });
      window.client = window.kit.makeClient(url, { worker });
    },
    [url, file],
  );

test("keeps actions over a reload, and the page itself opens no database", async (t) => {
  const { url, applied } = await startSaving(t);
  const page = await browser.open(t, site.url, countDatabases);
  await begin(page, url);
  const ids = await page.evaluate(async () => {
    const actions = [1, 2, 3].map((value) => window.client.enqueue("save", value));
    await Promise.all(actions.map(({ accepted }) => accepted));
    return actions.map(({ id }) => id);
  });
  assert.equal(await page.evaluate(() => window.client.outbox.durability), "strict");
  assert.equal(await page.evaluate(() => window.databases), 0);
  assert.deepEqual(applied, []);

  await page.reload();
  await begin(page, url);
  const connecting = page.evaluate(() => window.client.connect());
  const { restored, results } = await page.evaluate(async () => {
    const items = await new Promise((resolve) => {
      window.client.outbox.items.subscribe((items) => items.length === 3 && resolve(items));
    });
    const results = items.map(({ id }) => window.client.outbox.get(id).result);
    return { restored: items.map(({ id }) => id), results: await Promise.all(results) };
  });
  await connecting;
  assert.deepEqual(restored, ids);
  assert.deepEqual(results, ["saved 1", "saved 2", "saved 3"]);
  assert.deepEqual(applied, [1, 2, 3]);
  assert.equal(await page.evaluate(() => window.databases), 0);
  assert.deepEqual(page.errors, []);
});

test("lets the worker of another tab send when the one that did is closed", async (t) => {
  const { url, applied } = await startSaving(t);
  const first = await browser.open(t, site.url, countDatabases);
  const second = await first.context().newPage();
  await second.goto(site.url);
  for (const page of [first, second]) {
    await begin(page, url);
    await page.evaluate(() => window.client.connect());
  }
  const result = first.evaluate(() => window.client.enqueue("save", "first").result);
  assert.equal(await result, "saved first");
  // What it had sent would be sent again, and this server does not know what it knows.
  await first.evaluate(() => window.client.outbox.pause());
  await second.evaluate(() => {
    window.client.outbox.pause();
    window.action = window.client.enqueue("save", "second");
    return window.action.accepted;
  });
  await first.close();
  await second.evaluate(() => window.client.outbox.resume());
  assert.equal(await second.evaluate(() => window.action.result), "saved second");
  assert.deepEqual(applied, ["first", "second"]);
});

test("keeps actions in the page's memory where the worker has no database", async (t) => {
  const { url, applied } = await startSaving(t);
  const page = await browser.open(t, site.url);
  await begin(page, url, "/noDatabaseWorker.js");
  const answers = await page.evaluate(async () => {
    const told = window.kit.take(window.client.errors, 1);
    const action = window.client.enqueue("save", 1);
    await action.accepted;
    const { durability } = window.client.outbox;
    await window.client.connect();
    return [(await told)[0].code, durability, await action.result];
  });
  assert.deepEqual(answers, ["not_durable", "memory", "saved 1"]);
  assert.deepEqual(applied, [1]);
});

test("ends its worker when it is destroyed, in good order", async (t) => {
  const { url, io } = await startServer(t);
  const reasons = [];
  io.on("connection", (socket) => socket.on("disconnect", (reason) => reasons.push(reason)));
  const page = await openClient(t, url);
  await connect(page);
  assert.equal(page.workers().length, 1);
  await page.evaluate(() => window.client.destroy());
  await waitFor("the end of the worker", () => page.workers().length === 0);
  await waitFor("the server to see it", () => reasons.length === 1);
  assert.deepEqual(reasons, ["client namespace disconnect"]);
});

test("has a core for each of several clients in one worker", async (t) => {
  const { url } = await startServer(t);
  const page = await browser.open(t, site.url);
  const answers = await page.evaluate(async (url) => {
    const one = new Worker("/socketWorker.js", { type: "module" });
    window.clients = [1, 2].map(() => window.kit.makeClient(url, { worker: () => one }));
    await Promise.all(window.clients.map((client) => client.connect()));
    await window.clients[0].destroy();
    return window.clients[1].request("count", 1);
  }, url);
  assert.equal(answers, 1);
  assert.equal(page.workers().length, 1);
  await page.evaluate(() => window.clients[1].destroy());
  await waitFor("the end of the worker", () => page.workers().length === 0);
});

test("goes on in the page, and says why, when it is given a worker that was ended", async (t) => {
  const { url } = await startServer(t);
  const page = await browser.open(t, site.url);
  await page.evaluate(async (url) => {
    const one = new Worker("/socketWorker.js", { type: "module" });
    window.makeClient = () => window.kit.makeClient(url, { worker: () => one });
    const first = window.makeClient();
    await first.connect();
    await first.destroy();
  }, url);
  await waitFor("the end of the worker", () => page.workers().length === 0);
  const [answer, { code, message }] = await page.evaluate(async () => {
    const client = window.makeClient();
    const told = window.kit.take(client.errors, 1);
    await client.connect();
    const answer = await client.request("count", 1);
    return [answer, ...(await told).map(window.kit.describe)];
  });
  assert.equal(answer, 1);
  assert.equal(code, "worker_failed");
  assert.match(message, /was ended/);
});

test("hears again of what a listener failed at, and of nothing else", async (t) => {
  const { url } = await startServer(t);
  const page = await openClient(t, url, { dedup: { id: "id" } });
  await connect(page);
  const heard = await page.evaluate(async () => {
    const { latest } = await import("/sockeye/index.js");
    const heard = [];
    latest(window.client.on("price"), { every: 50 }).subscribe(() => {});
    let failures = 1;
    window.client.on("news").subscribe(({ id }) => {
      heard.push(id);
      if (id === "b" && failures-- > 0) throw new Error("by intention");
    });
    const events = [
      ...["p1", "p2", "p3"].map((id) => ["price", id]),
      ...["a", "b", "c"].map((id) => ["news", id]),
    ];
    for (let count = 0; count < 3; count++) {
      const over = window.kit.take(window.client.on("burst-over"), 1);
      window.client.emit("news", events);
      await over;
    }
    return heard;
  });
  assert.deepEqual(heard, ["a", "b", "c", "b"]);
});

test("goes on in the page, and says why, when the worker cannot be started", async (t) => {
  const { url } = await startServer(t);
  const page = await openClient(t, url, { file: "/missing.js" });
  await connect(page);
  assert.equal(await page.evaluate(() => window.client.request("count", 1)), 1);
  const [error] = await page.evaluate(() => window.told);
  assert.equal(error.code, "worker_failed");
  assert.match(error.message, /cannot be started; the client runs in the page/);
  assert.equal(await page.evaluate(() => window.modules), 1);
  assert.deepEqual(page.workers(), []);
});

test("goes on in the page where a policy forbids workers", async (t) => {
  const strict = await startSite({ headers: { "content-security-policy": "worker-src 'none'" } });
  t.after(() => strict.stop());
  const { url } = await startServer(t);
  const page = await openClient(t, url, { from: strict });
  await connect(page);
  assert.equal(await state(page), "connected");
  assert.deepEqual(await told(page), ["worker_failed"]);
});

test("goes on in the page where the worker is of another version", async (t) => {
  const { url } = await startServer(t);
  const page = await openClient(t, url, { file: "/oldWorker.js" });
  await connect(page);
  const [error] = await page.evaluate(() => window.told);
  assert.match(error.message, /^the worker is of the version 0\.0\.1-old, the page of \d/);
  assert.deepEqual(page.workers(), []);
});

test("does without a worker that says nothing", async (t) => {
  const { url } = await startServer(t);
  const page = await openClient(t, url, { file: "/silentWorker.js", connectTimeoutMs: 2_000 });
  await page.evaluate(() => void window.client.connect().catch(() => {}));
  await page.evaluate(() => window.kit.until(window.client, "connected"));
  assert.deepEqual(await told(page), ["load_failed", "worker_failed"]);
  assert.deepEqual(page.workers(), []);
});

test("refuses functions that a worker cannot be given", async (t) => {
  const page = await browser.open(t, site.url);
  const error = await page.evaluate(async () => {
    const worker = window.kit.startWorker;
    const client = window.kit.createClient("http://localhost:1", {
      worker,
      fetch,
      autoConnect: false,
    });
    return window.kit.describe(await client.connect().catch((error) => error));
  });
  assert.equal(error.code, "invalid_option");
  assert.match(error.message, /^fetch is a function/);
});
