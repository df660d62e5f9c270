/** The store that survives the page. */
import assert from "node:assert/strict";
import { startSite } from "../../support/site.mjs";
import { waitFor } from "../../support/wait.mjs";
import { startKeeper } from "./keeper.mjs";

const MANY = 10_000;
/** Else no page is kept when it is left. */
const cacheable = { "cache-control": "no-cache" };

/** A site of its own: what it stores is its own, too. */
async function ownOrigin(t) {
  const site = await startSite({ headers: cacheable });
  t.after(site.stop);
  return site.url;
}

/** Makes `window.client`, which does not connect, and has it store so many actions; resolves with their ids. */
export const store = (page, url, count) =>
  page.evaluate(
    async (url, count) => {
      window.client = window.kit.makeClient(url);
      const actions = Array.from({ length: count }, (_, n) => window.client.enqueue("save", n));
      await Promise.all(actions.map(({ accepted }) => accepted));
      return actions.map(({ id }) => id);
    },
    url,
    count,
  );

/** Makes `window.client` and connects it. */
export const connect = (page, url, options) =>
  page.evaluate(
    (url, options) => {
      window.client = window.kit.makeClient(url, options);
      return window.client.connect();
    },
    url,
    options,
  );

/** Waits until the server has applied these actions, each once, in this order. */
export async function appliedInOrder({ applied }, ids) {
  await waitFor(`${ids.length} actions`, () => applied.length >= ids.length);
  assert.deepEqual(
    applied.map(({ key }) => key),
    ids,
  );
}

const enqueue = (page, count) =>
  page.evaluate((count) => {
    for (let n = 0; n < count; n++) window.client.enqueue("save", n);
  }, count);

/** Has one of two tabs send, then `end`s that, and expects the other one to send at once. */
async function takesOver({ t, open }, end) {
  const keeper = await startKeeper(t);
  const origin = await ownOrigin(t);
  const pages = [await open(origin), await open(origin)];
  for (const [tab, page] of pages.entries()) await connect(page, keeper.url, { auth: { tab } });
  for (const page of pages) await enqueue(page, 20);
  await waitFor("40 actions", () => keeper.applied.length >= 40);
  const [leader, ...others] = new Set(keeper.applied.map(({ tab }) => tab));
  assert.deepEqual(others, [], "one sends for both");
  await end(pages[leader]);
  await enqueue(pages[1 - leader], 20);
  // Sooner than the right to send is taken from somebody who keeps it.
  await waitFor("60 actions", () => keeper.applied.length >= 60);
  assert.equal(new Set(keeper.applied.map(({ key }) => key)).size, 60, "each once");
  assert.ok(keeper.applied.slice(40).every(({ tab }) => tab === 1 - leader));
}

/** Has every connection to the browser's database fail, in the way that `how` says. */
const breakIndexedDb = (page, how) =>
  page.evaluate((how) => {
    IDBFactory.prototype.open = () => {
      if (how === "throws") throw new DOMException("forbidden", "SecurityError");
      const request = new EventTarget();
      const error = new DOMException("the connection was lost", "UnknownError");
      queueMicrotask(() => request.dispatchEvent(new Event("error")));
      return Object.assign(request, { readyState: "done", error });
    };
  }, how);

export const storeChecks = {
  "keeps actions over a reload, with their handles, and applies them in order": async (world) => {
    const { t, open } = world;
    const keeper = await startKeeper(t);
    const page = await open(await ownOrigin(t));
    const ids = await store(page, keeper.url, 50);
    assert.equal(await page.evaluate(() => window.client.outbox.durability), "strict");
    await page.reload();
    const { found, results } = await page.evaluate(
      async (url, ids) => {
        const client = window.kit.makeClient(url);
        client.outbox.pause();
        await client.connect();
        await window.kit.untilItems(client, ids.length);
        const found = client.outbox.items.value.map(({ id }) => id);
        const handles = ids.map((id) => client.outbox.get(id));
        client.outbox.resume();
        return { found, results: await Promise.all(handles.map(({ result }) => result)) };
      },
      keeper.url,
      ids,
    );
    assert.deepEqual(found, ids, "oldest first");
    await appliedInOrder(keeper, ids);
    assert.deepEqual(
      results,
      ids.map((_, index) => index + 1),
    );
  },

  "says that an action is accepted when a transaction of the wanted durability is complete":
    async ({ t, open }) => {
      const page = await open(await ownOrigin(t));
      const accepting = async (durability) => {
        const stores = [];
        const add = IDBObjectStore.prototype.add;
        IDBObjectStore.prototype.add = function (value, key) {
          const { durability } = this.transaction;
          const stored = { name: this.name, durability, isComplete: false };
          const note = () => (stored.isComplete = true);
          this.transaction.addEventListener("complete", note, { capture: true }); // before all others
          stores.push(stored);
          return add.call(this, value, key);
        };
        const outbox = durability ? { durability, name: durability } : undefined;
        const client = window.kit.makeClient("http://127.0.0.1:1", { outbox });
        await client.enqueue("save", 1).accepted;
        IDBObjectStore.prototype.add = add;
        return structuredClone(stores);
      };
      for (const wanted of [null, "relaxed"]) {
        const durability = wanted ?? "strict";
        const seen = await page.evaluate(accepting, wanted);
        assert.deepEqual(seen, [{ name: "actions", durability, isComplete: true }]);
      }
    },

  "has one of two tabs send what both enqueue, and the other when that is closed": (world) =>
    takesOver(world, (leader) => world.close(leader)),

  "has the other tab send when the one that does goes to another page": (world) =>
    takesOver(world, async (leader) => {
      const next = await leader.evaluate(() => `${location.href}?next`);
      await leader.navigate(next);
    }),

  "shows in one tab what another one has stored": async ({ t, open }) => {
    const keeper = await startKeeper(t);
    const origin = await ownOrigin(t);
    const pages = [await open(origin), await open(origin)];
    for (const page of pages) {
      await page.evaluate((url) => {
        window.client = window.kit.makeClient(url);
        window.client.outbox.pause();
        return window.client.connect();
      }, keeper.url);
    }
    await enqueue(pages[0], 5);
    await pages[1].evaluate(() => window.kit.untilItems(window.client, 5));
    await pages[1].evaluate(() => window.client.outbox.clear());
    await pages[0].evaluate(() => window.kit.untilItems(window.client, 0));
    assert.deepEqual(keeper.applied, []);
  },

  "makes way for a later version of its database, and loses nothing": async ({ t, open }) => {
    const keeper = await startKeeper(t);
    const origin = await ownOrigin(t);
    const [old, later] = [await open(origin), await open(origin)];
    const ids = await store(old, keeper.url, 3);
    const stored = await later.evaluate(async () => {
      const [{ name }] = await indexedDB.databases();
      const database = await new Promise((resolve, reject) => {
        const request = indexedDB.open(name, 1_000);
        request.onblocked = () => reject(new Error("the old tab does not make way"));
        request.onerror = () => reject(request.error);
        request.onsuccess = () => resolve(request.result);
      });
      const request = database.transaction("actions").objectStore("actions").getAllKeys();
      await new Promise((resolve) => (request.onsuccess = resolve));
      database.close();
      return request.result.map((key) => key.at(-1));
    });
    assert.deepEqual(stored.sort(), ids.sort());
    for (const page of [old, later]) {
      const refusal = await page.evaluate((url) => {
        window.client ??= window.kit.makeClient(url);
        return window.kit.outcome(window.client.enqueue("save", 1).accepted);
      }, keeper.url);
      assert.equal(refusal.code, "storage_version", JSON.stringify(refusal));
    }
  },

  ...Object.fromEntries(
    ["throws", "fails"].map((how) => [
      `goes on in memory, and says so, when opening the database ${how}`,
      async ({ t, open }) => {
        const page = await open(await ownOrigin(t));
        await breakIndexedDb(page, how);
        const seen = await page.evaluate(async () => {
          const errors = [];
          const client = window.kit.makeClient("http://127.0.0.1:1");
          client.errors.subscribe(({ code }) => errors.push(code));
          await client.enqueue("save", 1).accepted;
          const careful = window.kit.makeClient("http://127.0.0.1:1", {
            outbox: { requireDurable: true },
          });
          const refusal = await window.kit.outcome(careful.enqueue("save", 1).accepted);
          return { durability: client.outbox.durability, errors, refused: refusal.code };
        });
        assert.deepEqual(seen, {
          durability: "memory",
          errors: ["not_durable"],
          refused: "not_durable",
        });
      },
    ]),
  ),

  [`takes up ${MANY} actions`]: async ({ t, open }) => {
    const page = await open(await ownOrigin(t));
    const { url } = await startKeeper(t);
    const storedInMs = await page.evaluate(
      async (url, count) => {
        const client = window.kit.makeClient(url);
        await client.enqueue("save", 0).accepted;
        const start = performance.now();
        const accepted = [];
        for (let n = 1; n < count; n++) accepted.push(client.enqueue("save", n).accepted);
        await Promise.all(accepted);
        return performance.now() - start;
      },
      url,
      MANY,
    );
    await page.reload();
    const readInMs = await page.evaluate(
      async (url, count) => {
        await import("/sockeye/core.js");
        const client = window.kit.makeClient(url);
        client.outbox.pause();
        const start = performance.now();
        const connecting = client.connect();
        await window.kit.untilItems(client, count);
        const took = performance.now() - start;
        await connecting;
        return took;
      },
      url,
      MANY,
    );
    const perSecond = Math.round((MANY / storedInMs) * 1_000);
    t.diagnostic(`stored ${perSecond} per second; there again after ${Math.round(readInMs)} ms`);
  },
};
