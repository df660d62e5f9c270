/** What clients of a store tell each other, and how they notice that they missed some of it. */
import { expect, test, vi } from "vitest";
import type { StoreChange } from "../../src/outboxStore.js";
import { openStoreNews } from "../../src/ports/storeNews.js";
import { FakeBrowser, type FakeTab } from "../support/fakeTabs.js";

const NAME = "shop /";
const removed = (key: string): StoreChange => ({ type: "removed", key });
const missed: StoreChange = { type: "missed" };

/** A client in a tab of its own. */
function open(browser: FakeBrowser, name = NAME, tab: FakeTab = browser.open()) {
  const heard: StoreChange[] = [];
  const news = openStoreNews(name, (changes) => heard.push(...changes), tab);
  return { tab, news, heard };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

test("all others hear what one tells, in its order; other stores do not", async () => {
  const browser = new FakeBrowser();
  const [one, two, three] = [open(browser), open(browser), open(browser)];
  const foreign = open(browser, 'shop ["/","anna"]');
  one.news.tell([removed("a"), removed("b")]);
  one.news.tell([removed("c")]);
  two.news.tell([removed("d")]);
  await settled();
  expect(one.heard).toEqual([removed("d")]);
  expect(two.heard).toEqual([removed("a"), removed("b"), removed("c")]);
  expect(three.heard).toEqual([removed("a"), removed("b"), removed("c"), removed("d")]);
  expect(foreign.heard).toEqual([]);
});

test("whoever misses a message learns that from the next one, once", async () => {
  const browser = new FakeBrowser();
  const [one, two] = [open(browser), open(browser)];
  one.news.tell([removed("a")]);
  await settled();
  two.tab.isDeaf = true;
  one.news.tell([removed("b")]);
  await settled();
  two.tab.isDeaf = false;
  one.news.tell([removed("c")]);
  one.news.tell([removed("d")]);
  await settled();
  expect(two.heard).toEqual([removed("a"), removed("c"), missed, removed("d")]);
});

test("what was told before a client listened is not missed: the store has it", async () => {
  const browser = new FakeBrowser();
  const one = open(browser);
  one.news.tell([removed("a")]);
  await settled();
  const late = open(browser);
  one.news.tell([removed("b")]);
  await settled();
  expect(late.heard).toEqual([removed("b")]);
});

test("what cannot be copied, and what another version says, is missed", async () => {
  const browser = new FakeBrowser();
  const [one, two] = [open(browser), open(browser)];
  one.news.tell([{ type: "settled", key: "a", outcome: "applied", args: [() => {}] }]);
  one.news.tell([removed("b")]);
  await settled();
  expect(two.heard).toEqual([missed, removed("b")]);
  for (const strange of [{ v: 2, changes: [] }, "hello", undefined]) {
    browser.say(`${NAME} news`, strange);
  }
  expect(two.heard.slice(2)).toEqual([missed, missed, missed]);
});

test("a page that was suspended, and one that is looked at, reads the store", () => {
  const { tab, heard } = open(new FakeBrowser());
  tab.document.dispatchEvent(new Event("resume"));
  expect(heard).toHaveLength(1);
  tab.document.dispatchEvent(new Event("visibilitychange"));
  expect(heard).toEqual([missed, missed]);
  tab.document.visibilityState = "hidden";
  tab.document.dispatchEvent(new Event("visibilitychange"));
  tab.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: false }));
  expect(heard).toHaveLength(2);
});

test("a page that is kept to come back hears nothing until it does, and then that it missed it", async () => {
  const browser = new FakeBrowser();
  const [one, kept] = [open(browser), open(browser)];
  kept.tab.dispatchEvent(Object.assign(new Event("pagehide"), { persisted: true }));
  expect(browser.channels.size).toBe(1);
  kept.news.tell([removed("x")]);
  one.news.tell([removed("a")]);
  await settled();
  expect(kept.heard).toEqual([]);
  kept.tab.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
  expect(kept.heard).toEqual([missed]);
  one.news.tell([removed("b")]);
  kept.news.tell([removed("y")]);
  await settled();
  expect(kept.heard).toEqual([missed, removed("b")]);
  expect(one.heard).toEqual([removed("y")]);
});

test("nothing is left when it is closed", async () => {
  const browser = new FakeBrowser();
  const [one, two] = [open(browser), open(browser)];
  const tell = vi.fn();
  const closed = openStoreNews(NAME, tell, one.tab);
  closed.close();
  two.news.tell([removed("a")]);
  closed.tell([removed("b")]);
  for (const type of ["resume", "visibilitychange"])
    one.tab.document.dispatchEvent(new Event(type));
  one.tab.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
  await settled();
  expect(tell).not.toHaveBeenCalled();
  expect(two.heard).toEqual([]);
  expect(browser.channels.size).toBe(2);
});

test("a browser without broadcasts has one client for each store", () => {
  const news = openStoreNews(NAME, () => {}, {});
  news.tell([removed("a")]);
  news.close();
});

test("many clients come and go, and only the last are known", async () => {
  const browser = new FakeBrowser();
  const one = open(browser);
  const first = open(browser);
  first.news.tell([removed("a")]);
  for (let index = 0; index < 100; index += 1) open(browser).news.tell([removed("b")]);
  await settled();
  first.tab.isDeaf = true;
  first.news.tell([removed("c")]);
  first.tab.isDeaf = false;
  first.news.tell([removed("d")]);
  await settled();
  expect(one.heard.at(-1)).toEqual(removed("d"));
});
