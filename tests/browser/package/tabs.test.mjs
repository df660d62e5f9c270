/** Several tabs with one store: all enqueue, one sends, and another one does when that one cannot. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { now } from "../../soak/support/clock.mjs";
import { withSetting } from "../../soak/support/setting.mjs";
import { mode } from "../support/modes.mjs";
import { prepareWorkers } from "../support/prepareWorkers.mjs";
import { waitFor } from "../support/wait.mjs";

const limit = { timeout: 120_000 };

/** Short, so that tests are; the default is ten times as long. */
const takeOverMs = 1_500;
/** Timers of hidden pages run once per second, and this machine may be busy. */
const slackMs = 6_000;

/** A page that is frozen lets nothing go then, so that its lock has to be taken. */
const keepsAll = { lifecycle: false, outbox: { takeOverMs } };

/** Runs `body` with a server, a web site and a browser, and compares what was accepted with what was applied. */
const inBrowser = (body) =>
  withSetting({}, async (setting) => {
    const browser = await setting.startBrowser();
    await body(setting, browser);
    assert.deepEqual(setting.verdict().words, []);
  });

async function openTabs(setting, browser, count, options) {
  const tabs = [];
  while (tabs.length < count) tabs.push(await setting.open(browser, options));
  return tabs;
}

/** Enqueues so many actions in a tab, and resolves when they are accepted. */
const enqueue = (tab, count) =>
  tab.evaluate(
    (name, count) =>
      Promise.all(
        Array.from({ length: count }, (_, at) => window.soak.enqueue(name, `lane ${at % 3}`)),
      ),
    tab.tab,
    count,
  );

/** Lets tabs enqueue until they are gone; resolves when one sends. */
async function keepEnqueuing(setting, tabs) {
  setting.server.setDelay(20);
  const sends = setting.next("a tab that sends", ({ type }) => type === "applied");
  for (const [seed, tab] of tabs.entries()) {
    const settings = { tab: tab.tab, seed, lanes: 5, burst: 10, pauseMs: 100 };
    await tab.evaluate((settings) => window.soak.startEnqueuing(settings), settings);
  }
  await sends;
}

const stopEnqueuing = (tabs) =>
  Promise.all(tabs.map((tab) => tab.evaluate(() => window.soak.stopEnqueuing())));

/** The next action that another tab than this one sends. */
const nextByAnother = (setting, { tab }) =>
  setting.next("another tab that sends", ({ type, via }) => type === "applied" && via !== tab);

/** Resolves when all that was accepted is applied, and all tabs know. */
async function drained(setting, tabs) {
  setting.server.setDelay(0);
  await waitFor("all to be applied", () => setting.ledger.missing === 0, 30_000);
  for (const tab of tabs) await hasItems(tab, 0);
}

const hasItems = (tab, count) =>
  waitFor(`${count} items in ${tab.tab}`, async () => (await countItems(tab)) === count, 30_000);

const countItems = (tab) => tab.evaluate(() => window.soak.countItems());

const connect = (tab) => tab.evaluate(() => window.soak.client.connect());

/** How many clients have the lock of a store, and how many wait for one, in the whole origin. */
const countLocks = (tab) =>
  tab.evaluate(async () => {
    const { held, pending } = await navigator.locks.query();
    const count = (locks) => locks.filter(({ name }) => name.startsWith("sockeye:")).length;
    return { held: count(held), pending: count(pending) };
  });

/** Notes which tabs send. */
function watchSenders(setting) {
  const senders = new Set();
  setting.watch(({ type, via }) => type === "applied" && senders.add(via));
  return senders;
}

test("eight tabs enqueue, all see it, and one sends", limit, () =>
  inBrowser(async (setting, browser) => {
    const senders = watchSenders(setting);
    const tabs = await openTabs(setting, browser, 8, { autoConnect: false });
    await Promise.all(tabs.map((tab) => enqueue(tab, 5)));
    for (const tab of tabs) await hasItems(tab, 40);
    assert.deepEqual(await countLocks(tabs[0]), { held: 1, pending: 7 });
    await Promise.all(tabs.map(connect));
    await drained(setting, tabs);
    await Promise.all(tabs.map((tab) => enqueue(tab, 5)));
    await drained(setting, tabs);
    assert.equal(setting.ledger.applied, 80);
    assert.equal(senders.size, 1);
  }),
);

for (const how of ["close", "crash", "freeze"]) {
  test(`another tab sends within a second of the ${how} of the one that did`, limit, () =>
    inBrowser(async (setting, browser) => {
      const tabs = await openTabs(setting, browser, 3);
      await keepEnqueuing(setting, tabs);
      const sender = tabs.find(({ tab }) => tab === setting.lastApplied.via);
      const others = tabs.filter((tab) => tab !== sender);
      const next = nextByAnother(setting, sender);
      const start = now();
      await sender[how]();
      const took = (await next).at - start;
      assert.ok(took <= 1_000, `it took ${took} ms`);
      await stopEnqueuing(others);
      await drained(setting, others);
      assert.deepEqual(await countLocks(others[0]), { held: 1, pending: 1 });
    }),
  );
}

/** The core of a frozen tab stands still, so that another one has to take its lock. */
async function replaceFrozen(setting, browser) {
  const tabs = await openTabs(setting, browser, 3, keepsAll);
  await keepEnqueuing(setting, tabs);
  for (let turn = 0; turn < 2; turn += 1) {
    const sender = tabs.find(({ tab }) => tab === setting.lastApplied.via);
    const next = nextByAnother(setting, sender);
    const start = now();
    await sender.freeze();
    const took = (await next).at - start;
    assert.ok(took <= takeOverMs + slackMs, `it took ${took} ms`);
    assert.ok(took >= takeOverMs, `it was taken after ${took} ms from a tab that got on`);
    await sender.thaw();
  }
  await stopEnqueuing(tabs);
  await drained(setting, tabs);
}

/** In a shared worker it goes on: it keeps the lock, and sends. */
async function goOnFrozen(setting, browser) {
  const senders = watchSenders(setting);
  const tabs = await openTabs(setting, browser, 3, keepsAll);
  await keepEnqueuing(setting, tabs);
  const sender = tabs.find(({ tab }) => tab === setting.lastApplied.via);
  await sender.freeze();
  const end = now() + 2 * takeOverMs;
  await setting.next("some time to pass", ({ type, at }) => type === "applied" && at > end);
  await sender.thaw();
  await stopEnqueuing(tabs);
  await drained(setting, tabs);
  assert.deepEqual([...senders], [sender.tab]);
}

if (mode === "shared")
  test("a frozen tab that keeps its lock goes on sending", limit, () => inBrowser(goOnFrozen));
else
  test("a frozen tab that keeps its lock is replaced, and does no harm when it wakes", limit, () =>
    inBrowser(replaceFrozen),
  );

test("a tab that is offline is replaced by one that is not", limit, () =>
  inBrowser(async (setting, browser) => {
    const tabs = await openTabs(setting, browser, 2, keepsAll);
    await keepEnqueuing(setting, tabs);
    const sender = tabs.find(({ tab }) => tab === setting.lastApplied.via);
    const next = nextByAnother(setting, sender);
    await sender.evaluate(() => window.soak.client.disconnect());
    await next;
    await stopEnqueuing(tabs);
    await drained(setting, tabs);
  }),
);

test("healthy tabs leave the right to send with the one that has it", limit, () =>
  inBrowser(async (setting, browser) => {
    const senders = watchSenders(setting);
    const tabs = await openTabs(setting, browser, 3, { outbox: { takeOverMs: 300 } });
    await keepEnqueuing(setting, tabs);
    const end = now() + 10 * 300;
    await setting.next("some time to pass", ({ type, at }) => type === "applied" && at > end);
    await stopEnqueuing(tabs);
    await drained(setting, tabs);
    assert.equal(senders.size, 1);
  }),
);

test("each identity has its own tab that sends, and nothing of the other's", limit, () =>
  inBrowser(async (setting, browser) => {
    const sent = [];
    setting.watch(({ type, via, tab }) => type === "applied" && sent.push([via, tab]));
    const [anna] = await openTabs(setting, browser, 1, { identity: "anna" });
    const [ben] = await openTabs(setting, browser, 1, { identity: "ben" });
    await Promise.all([enqueue(anna, 5), enqueue(ben, 5)]);
    await drained(setting, [anna, ben]);
    assert.deepEqual(await countLocks(anna), { held: 2, pending: 0 });
    assert.equal(sent.length, 10);
    for (const [via, tab] of sent) assert.equal(via, tab);
  }),
);

/** Leaves a page, or a worker, without Web Locks. */
const forgetLocks = () => void Object.defineProperty(navigator, "locks", { value: undefined });

test("tabs without Web Locks let one of them send, and replace it when it crashes", limit, () =>
  inBrowser(async (setting, browser) => {
    const tabs = [];
    for (let count = 0; count < 3; count += 1) {
      const tab = await setting.openPlain(browser);
      await tab.evaluate(forgetLocks);
      await tab.evaluate(prepareWorkers, String(forgetLocks));
      await setting.begin(tab, { outbox: { takeOverMs } });
      tabs.push(tab);
    }
    await keepEnqueuing(setting, tabs);
    const sender = tabs.find(({ tab }) => tab === setting.lastApplied.via);
    const others = tabs.filter((tab) => tab !== sender);
    const next = nextByAnother(setting, sender);
    await sender.crash();
    await next;
    await stopEnqueuing(others);
    await drained(setting, others);
    assert.deepEqual(await countLocks(await setting.openOther(browser)), { held: 0, pending: 0 });
  }),
);
