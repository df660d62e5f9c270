/** Tabs that have the connection of one of them, where they have no shared worker: who leads, and what follows when that one goes. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startChromium } from "../support/chromium.mjs";
import { startSite } from "../support/site.mjs";
import { startTabServer } from "../support/tabServer.mjs";
import { waitFor } from "../support/wait.mjs";

let site;
let browser;
before(async () => {
  site = await startSite({ headers: { "cache-control": "no-cache" } });
  browser = await startChromium();
});
after(async () => {
  await browser?.kill();
  await site.stop();
});

const limit = { timeout: 60_000 };

/** Returns what opens tabs with `window.client`, connected, and `window.codes` of what it told. */
function openWindow(t, url) {
  return async (options = {}, kind = "Worker") => {
    const tab = await browser.open(site.url);
    t.after(() => tab.close().catch(() => {})); // by the test, maybe
    await tab.evaluate(
      async (url, options, kind) => {
        Object.assign(window, { codes: [], heard: [], workers: 0 });
        const worker = () => {
          window.workers += 1;
          return new window[kind]("/socketWorker.js", { type: "module" });
        };
        const { identity = "alice", ...others } = options;
        const sharing = { worker, tabs: "leader", identity: identity ?? undefined };
        window.client = window.kit.makeClient(url, { ...sharing, ...others });
        window.client.errors.subscribe(({ code }) => window.codes.push(code));
        window.client.on("news").subscribe((value) => window.heard.push(value));
        // Who leads may change just then, which ends the attempt and nothing else.
        window.client.connect().catch(() => {});
        await window.kit.until(window.client, "connected");
      },
      url,
      options,
      kind,
    );
    return tab;
  };
}

const who = (tab) => tab.evaluate(() => window.client.request("who"));
const codes = (tab) => tab.evaluate(() => window.codes);
const heard = (tab) => tab.evaluate(() => window.heard);
const workers = (tab) => tab.evaluate(() => window.workers);
const items = (tab) => tab.evaluate(() => window.client.outbox.items.value.length);
const kind = (tab) => tab.evaluate(() => window.client.continuity.value?.kind);

/** Resolves when all have the connection that `tabs[0]` has. */
const untilTogether = (tabs, connections) =>
  waitFor("one connection for all", async () => {
    const ids = await Promise.all(
      tabs.map((tab) =>
        tab.evaluate(() => window.client.status.value.state === "connected" && window.client.id),
      ),
    );
    return ids.every((id) => id === connections.at(-1).id);
  });

test("the first tab leads, and the others have its connection", limit, async (t) => {
  const { url, io, connections, reasons } = await startTabServer(t);
  const openTab = openWindow(t, url);
  const tabs = [await openTab(), await openTab(), await openTab()];
  const ids = await Promise.all(tabs.map(who));
  assert.equal(new Set(ids).size, 1);
  io.emit("news", 1);
  for (const tab of tabs) await waitFor("the news", async () => (await heard(tab)).length === 1);
  assert.deepEqual(await Promise.all(tabs.map(workers)), [1, 0, 0]);
  assert.deepEqual(await Promise.all(tabs.map(codes)), [[], [], []]);
  for (const tab of tabs.slice(1).reverse()) {
    await tab.close();
    assert.equal(await who(tabs[0]), ids[0]);
  }
  assert.deepEqual([connections.length, reasons], [1, []]);
  await tabs[0].close();
  await waitFor("the end of the connection", () => reasons.length === 1);
});

test(
  "tabs with another user do not share the connection, but who leads is the same",
  limit,
  async (t) => {
    const { url, connections } = await startTabServer(t);
    const openTab = openWindow(t, url);
    const options = [{}, { identity: "bob" }, { identity: null, auth: { token: "x" } }];
    const tabs = [];
    for (const one of options) tabs.push(await openTab(one));
    assert.equal(new Set(await Promise.all(tabs.map(who))).size, 3);
    assert.equal(connections.length, 3);
    assert.deepEqual(await Promise.all(tabs.map(workers)), [1, 0, 0]);
  },
);

const goings = {
  "is closed": (tab) => tab.close(),
  crashes: (tab) => tab.crash(),
  "is frozen": (tab) => tab.freeze(),
  "goes elsewhere": (tab) => tab.navigate("about:blank"),
  "ends its client": (tab) => tab.evaluate(() => window.client.destroy()),
};
for (const [how, go] of Object.entries(goings))
  test(`another tab leads when the one that did ${how}`, limit, async (t) => {
    const { url, io, connections, counted, reasons } = await startTabServer(t);
    const openTab = openWindow(t, url);
    const leader = await openTab();
    const others = [await openTab(), await openTab()];
    await others[0].evaluate(async () => {
      window.client.outbox.pause();
      await window.client.enqueue("count", 7).accepted;
    });
    await go(leader);
    await waitFor("another connection", () => connections.length === 2);
    await untilTogether(others, connections);
    await waitFor("the end of the first", () => reasons.length === 1);
    await others[0].evaluate(() => window.client.outbox.resume());
    await waitFor("the action", () => counted.length === 1);
    for (const tab of others) await waitFor("its end", async () => (await items(tab)) === 0);
    io.emit("news", 1);
    for (const tab of others) await waitFor("news", async () => (await heard(tab)).length === 1);
    assert.deepEqual(counted, [7]);
    assert.equal(connections.length, 2);
    assert.deepEqual((await Promise.all(others.map(workers))).sort(), [0, 1]);
    assert.deepEqual(await Promise.all(others.map(codes)), [[], []]);
    assert.deepEqual(await Promise.all(others.map(kind)), ["gap", "gap"]);
  });

test("a tab that led and was frozen follows the one that leads then", limit, async (t) => {
  const { url, connections } = await startTabServer(t);
  const openTab = openWindow(t, url);
  const tabs = [await openTab(), await openTab()];
  await tabs[0].freeze();
  await waitFor("another connection", () => connections.length === 2);
  await untilTogether(tabs.slice(1), connections);
  await tabs[0].thaw();
  await untilTogether(tabs, connections);
  assert.equal(connections.length, 2);
  assert.deepEqual(await Promise.all(tabs.map(codes)), [[], []]);
  await tabs[1].close();
  await waitFor("a third connection", () => connections.length === 3);
  await untilTogether([tabs[0]], connections);
});

test(
  "a tab that leads alone goes on leading when it was frozen, or in the back/forward cache",
  limit,
  async (t) => {
    const { url, connections } = await startTabServer(t);
    const openTab = openWindow(t, url);
    const tab = await openTab();
    await tab.freeze();
    await tab.thaw();
    await who(tab);
    await tab.navigate(`${site.url}/?next`);
    assert.equal(await tab.back(), "BackForwardCacheRestore");
    await who(tab);
    assert.equal(await workers(tab), 1);
    const joining = await openTab();
    assert.equal(await who(joining), connections.at(-1).id);
    assert.equal(await who(tab), connections.at(-1).id);
  },
);

test("a tab that follows and was away finds who leads then", limit, async (t) => {
  const { url, connections } = await startTabServer(t);
  const openTab = openWindow(t, url);
  const tabs = [await openTab(), await openTab(), await openTab()];
  await tabs[1].freeze();
  await tabs[2].navigate(`${site.url}/?next`);
  await tabs[1].thaw();
  assert.equal(await who(tabs[1]), connections[0].id);
  await tabs[1].freeze();
  await tabs[0].close();
  const next = await openTab();
  assert.equal(await who(next), connections.at(-1).id);
  await tabs[1].thaw();
  await untilTogether([next, tabs[1]], connections);
  assert.equal(await tabs[2].back(), "BackForwardCacheRestore");
  await untilTogether([next, tabs[1], tabs[2]], connections);
  assert.equal(connections.length, 2);
});

test(
  "a tab that holds the lock and answers nothing does not keep the others waiting for long",
  limit,
  async (t) => {
    const { url, connections } = await startTabServer(t);
    const openTab = openWindow(t, url);
    const leader = await openTab();
    await leader.evaluate(async () => {
      const { held } = await navigator.locks.query();
      const { name } = held.find(({ name }) => name.startsWith("sockeye-leader"));
      await new Promise((resolve) => {
        const hold = () => {
          resolve();
          return new Promise(() => {});
        };
        window.robbed = navigator.locks.request(name, { steal: true }, hold);
      });
    });
    const tabs = [await openTab(), await openTab()];
    await untilTogether([leader, ...tabs], connections);
    assert.deepEqual(await Promise.all([leader, ...tabs].map(codes)), [[], [], []]);
  },
);

test("two clients of one page share, too", limit, async (t) => {
  const { url, connections } = await startTabServer(t);
  const openTab = openWindow(t, url);
  const [tab, other] = [await openTab(), await openTab()];
  const id = await tab.evaluate(async (url) => {
    const worker = () => new Worker("/socketWorker.js", { type: "module" });
    const sharing = { worker, tabs: "leader", identity: "alice" };
    window.second = window.kit.makeClient(url, sharing);
    const id = await window.second.request("who");
    await window.client.destroy();
    return id;
  }, url);
  assert.equal(id, connections[0].id);
  await waitFor("another connection", () => connections.length === 2);
  await untilTogether([other], connections);
  assert.equal(await tab.evaluate(() => window.second.request("who")), connections[1].id);
});

test("tabs whose worker is a shared one share that", limit, async (t) => {
  const { url, connections } = await startTabServer(t);
  const openTab = openWindow(t, url);
  const tabs = [await openTab({}, "SharedWorker"), await openTab({}, "SharedWorker")];
  await tabs[0].close();
  assert.equal(await who(tabs[1]), connections[0].id);
  assert.equal(connections.length, 1);
});

test(
  "a tab whose worker cannot be made runs the client itself, and another one leads",
  limit,
  async (t) => {
    const { url, connections } = await startTabServer(t);
    const openTab = openWindow(t, url);
    const [failing, ...others] = [await openTab({}, "Missing"), await openTab(), await openTab()];
    assert.deepEqual(await codes(failing), ["worker_failed"]);
    assert.equal(await who(others[0]), await who(others[1]));
    assert.notEqual(await who(failing), await who(others[0]));
    assert.equal(connections.length, 2);
  },
);
