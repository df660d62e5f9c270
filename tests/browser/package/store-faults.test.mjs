/** What the browser's database does to the outbox: no room, other versions, no database, an older copy. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { useBrowser } from "../support/browser.mjs";
import { startChromium } from "../support/chromium.mjs";
import { mode } from "../support/modes.mjs";
import { prepareWorkers } from "../support/prepareWorkers.mjs";
import { startServer } from "../support/saving.mjs";
import { startSite } from "../support/site.mjs";

const browser = useBrowser();
let site;
before(async () => (site = await startSite()));
after(() => site?.stop());

/** Makes `window.client`, and keeps a list of its errors. */
function makeClient({ url, options = {} }) {
  window.client = window.kit.makeClient(url, options);
  window.told = [];
  window.client.errors.subscribe(({ code }) => window.told.push(code));
}

/** Enqueues `count` actions of `length` characters; returns the values that were accepted, and the errors. */
async function enqueueAll({ from = 0, count, length = 1 }) {
  const values = Array.from({ length: count }, (_, index) => from + index);
  // Random, because browsers compress.
  const text = () => {
    const bytes = crypto.getRandomValues(new Uint8Array(Math.min(length, 65_536)));
    return String.fromCharCode(...bytes.map((byte) => 33 + (byte % 90)));
  };
  const accept = (value) => window.client.enqueue("save", value, text()).accepted;
  const settled = await Promise.allSettled(values.map(accept));
  return {
    accepted: values.filter((_, index) => settled[index].status === "fulfilled"),
    codes: [...new Set(settled.flatMap(({ reason }) => reason?.code ?? []))],
  };
}

/** Resolves when nothing is left to be sent. */
const drained = () =>
  new Promise((resolve) => {
    void window.client.connect();
    const { items } = window.client.outbox;
    items.subscribe((items) => items.length === 0 && resolve());
  });

test("refuses what there is no room for, keeps the rest, and sends that in spite of it", async (t) => {
  const server = await startServer(t);
  // Contexts without a profile on the disk have no quota.
  const withProfile = await startChromium();
  t.after(() => withProfile.kill());
  const page = await withProfile.open(site.url);
  const origin = new URL(site.url).origin;
  // Before the first transaction: how much there is left is only asked for again after 30 seconds.
  await page.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 500_000 });
  await page.evaluate(makeClient, { url: server.url });
  const first = await page.evaluate(enqueueAll, { count: 5 });
  assert.deepEqual(first, { accepted: [0, 1, 2, 3, 4], codes: [] });
  const second = await page.evaluate(enqueueAll, { from: 5, count: 30, length: 60_000 });
  assert.deepEqual(second.codes, ["storage_full"]);
  assert.ok(second.accepted.length < 30, "some were refused");
  const expected = [...first.accepted, ...second.accepted];
  await page.evaluate(drained);
  assert.deepEqual(server.applied, expected);

  await page.send("Storage.overrideQuotaForOrigin", { origin });
  const third = await page.evaluate(enqueueAll, { from: 40, count: 3, length: 60_000 });
  assert.deepEqual(third, { accepted: [40, 41, 42], codes: [] });
  await page.evaluate(drained);
  assert.deepEqual(server.applied, [...expected, 40, 41, 42]);
});

/** Opens the database as a later version of the package would. */
const openLater = () =>
  new Promise((resolve, reject) => {
    const request = indexedDB.open(window.databaseName, 2);
    request.onblocked = () => reject(new Error("the old version does not let go"));
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      request.result.close();
      resolve();
    };
  });

const nameDatabase = async () => {
  const databases = await indexedDB.databases();
  window.databaseName = databases.find(({ name }) => name.startsWith("sockeye:")).name;
};

test("lets a later version have the database, says so, and takes nothing more", async (t) => {
  const server = await startServer(t);
  const page = await browser.open(t, site.url);
  await page.evaluate(makeClient, { url: server.url });
  await page.evaluate(enqueueAll, { count: 2 });
  await page.evaluate(nameDatabase);
  await page.evaluate(openLater);
  await page.waitForFunction(() => window.told.includes("storage_version"));
  const refused = await page.evaluate(enqueueAll, { from: 2, count: 2 });
  assert.deepEqual(refused, { accepted: [], codes: ["storage_version"] });
  assert.deepEqual(server.applied, []);
});

test("neither reads nor changes the database of a later version", async (t) => {
  const server = await startServer(t);
  const page = await browser.open(t, site.url);
  await page.evaluate(makeClient, { url: server.url });
  await page.evaluate(enqueueAll, { count: 2 });
  await page.evaluate(nameDatabase);
  const name = await page.evaluate(() => window.databaseName);
  await page.evaluate(openLater);
  await page.reload();
  await page.evaluate(makeClient, { url: server.url });
  const refused = await page.evaluate(enqueueAll, { from: 2, count: 1 });
  assert.deepEqual(refused, { accepted: [], codes: ["storage_version"] });
  const held = await page.evaluate(
    (name) =>
      new Promise((resolve) => {
        const opening = indexedDB.open(name, 2);
        opening.onsuccess = () => {
          const all = opening.result.transaction("actions").objectStore("actions").count();
          all.onsuccess = () => resolve(all.result);
        };
      }),
    name,
  );
  assert.equal(held, 2);
  assert.deepEqual(server.applied, []);
});

/** Each leaves a page, or a worker, without a database. */
const without = {
  "is not there": () => {
    for (const scope of [globalThis, Object.getPrototypeOf(globalThis)]) delete scope.indexedDB;
  },
  "is forbidden": () => {
    IDBFactory.prototype.open = () => {
      throw new DOMException("denied", "SecurityError");
    };
  },
  "cannot be opened": () => {
    const { open } = IDBFactory.prototype;
    // A version of 0 is an error; this is one that comes later.
    IDBFactory.prototype.open = function (name) {
      const request = open.call(this, `${name} other`, 1);
      request.onupgradeneeded = () => request.transaction.abort();
      return request;
    };
  },
};

/** Opens a page that is prepared, as its workers are. */
async function openPrepared(t, prepare) {
  const page = await browser.open(t, site.url, prepare);
  await page.evaluate(prepareWorkers, String(prepare));
  return page;
}

for (const [how, prepare] of Object.entries(without)) {
  test(`says that actions are kept in memory before it takes any where the database ${how}`, async (t) => {
    const server = await startServer(t);
    const page = await openPrepared(t, prepare);
    await page.evaluate(makeClient, { url: server.url });
    const { durability, told, accepted } = await page.evaluate(async () => {
      await window.client.enqueue("save", 1).accepted;
      const { durability } = window.client.outbox;
      return { durability, told: [...window.told], accepted: 1 };
    });
    assert.equal(durability, "memory");
    // A shared worker that cannot have the database lets each page have a core of its own.
    const expected = mode === "shared" ? ["core_failed", "not_durable"] : ["not_durable"];
    assert.deepEqual(told, how === "is not there" ? [] : expected);
    assert.equal(accepted, 1);
    await page.evaluate(drained);
    assert.deepEqual(server.applied, [1]);
  });

  test(`refuses actions where the database ${how} if they have to last`, async (t) => {
    const page = await openPrepared(t, prepare);
    const url = "http://127.0.0.1:9";
    await page.evaluate(makeClient, { url, options: { outbox: { requireDurable: true } } });
    const refused = await page.evaluate(enqueueAll, { count: 1 });
    assert.deepEqual(refused, { accepted: [], codes: ["not_durable"] });
  });
}

/** Stores two actions and goes on with a page that has no client yet, and whose database `lose` took away. */
async function openAfterLoss(t, lose) {
  const server = await startServer(t);
  const page = await browser.open(t, site.url);
  await page.evaluate(makeClient, { url: server.url });
  await page.evaluate(enqueueAll, { count: 2 });
  assert.deepEqual(await page.evaluate(() => window.told), []);
  await page.evaluate(nameDatabase);
  const name = await page.evaluate(() => window.databaseName);
  await page.goto("about:blank");
  await page.goto(site.url);
  await lose(page, name);
  return { server, page };
}

const deleteDatabase = (page, name) =>
  page.evaluate(
    (name) =>
      new Promise((resolve, reject) => {
        const request = indexedDB.deleteDatabase(name);
        request.onsuccess = () => resolve();
        request.onerror = () => reject(request.error);
      }),
    name,
  );

test("says that the browser has lost what was stored, once, and takes actions", async (t) => {
  const { server, page } = await openAfterLoss(t, deleteDatabase);
  await page.evaluate(makeClient, { url: server.url });
  const next = await page.evaluate(enqueueAll, { from: 2, count: 2 });
  assert.deepEqual(next, { accepted: [2, 3], codes: [] });
  assert.deepEqual(await page.evaluate(() => window.told), ["storage_lost"]);
  await page.reload();
  await page.evaluate(makeClient, { url: server.url });
  void page.evaluate(() => window.client.connect());
  await page.evaluate(() => window.kit.untilItems(window.client, 2));
  await page.evaluate(drained);
  assert.deepEqual(await page.evaluate(() => window.told), []);
  assert.deepEqual(server.applied, [2, 3]);
});

test("says nothing when the user has cleared the site's data", async (t) => {
  const { server, page } = await openAfterLoss(t, async (page) => {
    const session = await page.context().newCDPSession(page);
    const origin = new URL(site.url).origin;
    await session.send("Storage.clearDataForOrigin", { origin, storageTypes: "all" });
  });
  await page.evaluate(makeClient, { url: server.url });
  const next = await page.evaluate(enqueueAll, { from: 2, count: 1 });
  assert.deepEqual(next, { accepted: [2], codes: [] });
  assert.deepEqual(await page.evaluate(() => window.told), []);
});

/** Each takes the database away from a page that is open. */
const losses = {
  "somebody deletes it": deleteDatabase,
  "the browser destroys it": async (page) => {
    const session = await page.context().newCDPSession(page);
    const { origin } = new URL(site.url);
    await session.send("Storage.clearDataForOrigin", { origin, storageTypes: "indexeddb" });
  },
};

for (const [how, lose] of Object.entries(losses)) {
  test(`stores again what the page has enqueued when it loses its database while open: ${how}`, async (t) => {
    const server = await startServer(t);
    const page = await browser.open(t, site.url);
    await page.evaluate(makeClient, { url: server.url });
    await page.evaluate(enqueueAll, { count: 3 });
    await page.evaluate(nameDatabase);
    await lose(page, await page.evaluate(() => window.databaseName));
    await page.waitForFunction(() => window.told.includes("storage_lost"));
    // What comes later comes behind it.
    const next = await page.evaluate(enqueueAll, { from: 3, count: 1 });
    assert.deepEqual(next, { accepted: [3], codes: [] });
    assert.deepEqual(await page.evaluate(() => window.told), ["storage_lost"]);

    await page.reload();
    await page.evaluate(makeClient, { url: server.url });
    void page.evaluate(() => window.client.connect());
    await page.evaluate(() => window.kit.untilItems(window.client, 4));
    await page.evaluate(drained);
    assert.deepEqual(server.applied, [0, 1, 2, 3]);
  });
}

/** Everything in the database, and a way to have it there again. */
const copyDatabase = async () => {
  const database = await new Promise((resolve) => {
    const request = indexedDB.open(window.databaseName);
    request.onsuccess = () => resolve(request.result);
  });
  const copies = {};
  for (const name of ["partitions", "actions", "payloads"]) {
    const store = database.transaction(name).objectStore(name);
    const [keys, values] = await Promise.all(
      [store.getAllKeys(), store.getAll()].map(
        (request) => new Promise((resolve) => (request.onsuccess = () => resolve(request.result))),
      ),
    );
    copies[name] = keys.map((key, index) => [key, values[index]]);
  }
  database.close();
  return copies;
};

const restoreDatabase = async ({ name, copies }) => {
  const database = await new Promise((resolve) => {
    const request = indexedDB.open(name);
    request.onsuccess = () => resolve(request.result);
  });
  const tx = database.transaction(Object.keys(copies), "readwrite");
  for (const [name, rows] of Object.entries(copies)) {
    tx.objectStore(name).clear();
    for (const [key, value] of rows) tx.objectStore(name).put(value, key);
  }
  await new Promise((resolve) => (tx.oncomplete = resolve));
  database.close();
};

test("loses and doubles nothing when the database goes back in time", async (t) => {
  const server = await startServer(t, { hasHelper: true });
  const page = await browser.open(t, site.url);
  await page.evaluate(makeClient, { url: server.url });
  await page.evaluate(enqueueAll, { count: 3 });
  await page.evaluate(nameDatabase);
  const name = await page.evaluate(() => window.databaseName);
  const copies = await page.evaluate(copyDatabase);
  await page.evaluate(drained);
  await page.evaluate(enqueueAll, { from: 3, count: 3 });
  await page.evaluate(drained);
  assert.deepEqual(server.applied, [0, 1, 2, 3, 4, 5]);

  await page.goto("about:blank");
  await page.goto(site.url);
  await page.evaluate(restoreDatabase, { name, copies });
  await page.evaluate(makeClient, { url: server.url });
  await page.evaluate(enqueueAll, { from: 6, count: 3 });
  await page.evaluate(drained);
  assert.deepEqual(server.applied, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
});

test("loses and doubles nothing when a copy of the database is used at the same time", async (t) => {
  const server = await startServer(t, { hasHelper: true });
  const page = await browser.open(t, site.url);
  await page.evaluate(makeClient, { url: server.url });
  await page.evaluate(enqueueAll, { count: 3 });
  await page.evaluate(nameDatabase);
  const name = await page.evaluate(() => window.databaseName);
  const copies = await page.evaluate(copyDatabase);

  const other = await browser.open(t, site.url);
  await other.evaluate(makeClient, { url: server.url, options: { outbox: { name: "copy" } } });
  const isCancelled = await other.evaluate(async () => {
    const action = window.client.enqueue("save", 100);
    await action.accepted;
    return action.cancel();
  });
  assert.equal(isCancelled, true);
  await other.evaluate(() => window.client.destroy());
  await other.evaluate(restoreDatabase, { name: "sockeye:copy", copies });
  await other.reload();
  await other.evaluate(makeClient, { url: server.url, options: { outbox: { name: "copy" } } });
  await Promise.all([page.evaluate(drained), other.evaluate(drained)]);
  for (let round = 0; round < 5; round += 1) {
    await page.evaluate(enqueueAll, { from: 10 + round, count: 1 });
    await other.evaluate(enqueueAll, { from: 20 + round, count: 1 });
    await Promise.all([page.evaluate(drained), other.evaluate(drained)]);
  }
  const expected = [0, 1, 2, 10, 11, 12, 13, 14, 20, 21, 22, 23, 24];
  assert.deepEqual(
    [...server.applied].sort((one, other) => one - other),
    expected,
  );
  assert.ok(name.startsWith("sockeye:127.0.0.1"), "servers have databases of their own");
});
