/** One of several tabs drains: who gets the right, and when it is taken away. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Candidate } from "../../src/outboxStore.js";
import { type Leadership, openLeadership } from "../../src/ports/leadership.js";
import { FakeBrowser, type FakeTab } from "../support/fakeTabs.js";

const NAME = "shop /";
const TAKE_OVER_MS = 15_000;

/** A client in a tab of its own, that wants the right. */
class Client implements Candidate {
  readonly tab: FakeTab;
  readonly leadership: Leadership;
  /** Whether it has the right, as far as it knows; it may have been taken away. */
  leads = false;
  /** All clients of the store, each time that they got the right. */
  readonly log: Client[];
  isOnline = true;
  isFrozen = false;
  hasWork = true;
  signs = 0;
  stale = 0;
  #waiting = new AbortController();

  constructor(tab: FakeTab, log: Client[] = [], name = NAME) {
    this.tab = tab;
    this.log = log;
    const options = { takeOverMs: TAKE_OVER_MS, handleStale: () => (this.stale += 1) };
    this.leadership = openLeadership(name, options, tab);
  }

  /** The server answers after a moment, if the page can hear it. */
  heard(): number {
    if (this.isFrozen) return this.signs;
    if (!this.isOnline) return 0;
    setTimeout(() => (this.signs += this.isFrozen ? 0 : 1), 100);
    return this.signs;
  }

  couldDrain(): boolean {
    return this.isOnline && this.hasWork && !this.isFrozen;
  }

  async wait(): Promise<void> {
    this.#waiting = new AbortController();
    await this.leadership.acquire(this, this.#waiting.signal);
    this.leads = true;
    for (const client of this.log) if (client !== this) client.fence();
    this.log.push(this);
  }

  resign(): void {
    this.#waiting.abort();
    this.leads = false;
    this.leadership.release();
  }

  /** The store says that another one drains, when this one next wants something of it. */
  fence(): void {
    if (!this.leads || this.isFrozen) return;
    this.resign();
    this.wait().catch(() => {});
  }

  thaw(): void {
    this.isFrozen = false;
    if (this.log.at(-1) !== this) this.fence();
  }
}

/** Clients in tabs of their own, which all want the right, one after the other. */
async function start(count: number, { hasLocks = true } = {}) {
  const browser = new FakeBrowser();
  const log: Client[] = [];
  const clients = Array.from({ length: count }, () => new Client(browser.open({ hasLocks }), log));
  for (const client of clients) client.wait().catch(() => {});
  await pass(hasLocks ? 0 : 3_000);
  const [leader] = leaders(clients) as [Client];
  const others = clients.filter((client) => client !== leader);
  return { browser, clients, log, leader, others };
}

const leaders = (clients: Client[]) => clients.filter(({ leads }) => leads);
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** Timers of hidden pages run once per minute. */
function hide() {
  const fast = setTimeout;
  vi.stubGlobal("setTimeout", (run: () => void, ms: number) => fast(run, ms > 100 ? 60_000 : ms));
}

describe.each([
  ["with Web Locks", true],
  ["without Web Locks", false],
])("the right to drain, %s,", (_, hasLocks) => {
  test("is one client's among eight, for ever if it gets on", async () => {
    const { clients, leader } = await start(8, { hasLocks });
    await pass(600_000);
    expect(leaders(clients)).toEqual([leader]);
    expect(leader.log).toHaveLength(1);
  });

  test("goes to another one when it is given up", async () => {
    const { clients, log, leader } = await start(3, { hasLocks });
    leader.resign();
    await pass(2_000);
    expect(leaders(clients)).toHaveLength(1);
    expect(log).toHaveLength(2);
    expect(log[1]).not.toBe(leader);
  });

  test("is taken from a page that is frozen, though it answers", async () => {
    const { clients, log, leader } = await start(8, { hasLocks });
    await pass(60_000);
    leader.isFrozen = true;
    await pass(TAKE_OVER_MS - 100);
    expect(log).toHaveLength(1);
    await pass(5_000);
    expect(log.length).toBeGreaterThan(1);
    const [next, ...more] = leaders(clients).filter((client) => client !== leader);
    expect(more).toEqual([]);
    const taken = log.length;
    leader.thaw();
    await pass(600_000);
    expect(leaders(clients)).toEqual([next]);
    expect(log).toHaveLength(taken);
  });

  test("is taken by one, who says so before the next would", async () => {
    const { log, leader } = await start(8, { hasLocks });
    let drawn = 0;
    vi.spyOn(Math, "random").mockImplementation(() => (drawn += 0.1));
    leader.isFrozen = true;
    await pass(TAKE_OVER_MS + 30_000);
    expect(log).toHaveLength(2);
  });

  test("is one client's again when all take it at the same time", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0);
    const { clients, log, leader } = await start(8, { hasLocks });
    leader.isFrozen = true;
    await pass(TAKE_OVER_MS + 30_000);
    const taken = log.length;
    expect(leaders(clients).filter((client) => client !== leader)).toHaveLength(1);
    await pass(600_000);
    expect(log).toHaveLength(taken);
  });

  test("is taken from a client that is offline by one that is not", async () => {
    const { log, leader } = await start(3, { hasLocks });
    leader.isOnline = false;
    await pass(TAKE_OVER_MS + 5_000);
    expect(log.length).toBeGreaterThan(1);
    expect(log.at(-1)).not.toBe(leader);
  });

  test("is left to whoever has it while nobody else has anything to send, or could", async () => {
    const { log, leader, others } = await start(3, { hasLocks });
    leader.isFrozen = true;
    for (const other of others) other.hasWork = false;
    await pass(600_000);
    for (const other of others) Object.assign(other, { hasWork: true, isOnline: false });
    await pass(600_000);
    expect(log).toEqual([leader]);
    Object.assign(others[1] as Client, { isOnline: true });
    await pass(TAKE_OVER_MS + 5_000);
    expect(log.map((client) => client === others[1])).toEqual([false, true]);
  });

  test("is not taken because the timers of those who wait are slow, but if there is a reason", async () => {
    const { log, leader } = await start(3, { hasLocks });
    hide();
    await pass(3_600_000);
    expect(log).toHaveLength(1);
    leader.isFrozen = true;
    await pass(240_000);
    expect(log.length).toBeGreaterThan(1);
  });

  test("is not waited for any longer when that is not wanted", async () => {
    const { clients, log, leader, others } = await start(3, { hasLocks });
    const [gone, next] = others as [Client, Client];
    gone.resign();
    leader.resign();
    await pass(60_000);
    expect(leaders(clients)).toEqual([next]);
    expect(log).toEqual([leader, next]);
    const aborted = AbortSignal.abort();
    await expect(gone.leadership.acquire(gone, aborted)).rejects.toThrow("no longer");
  });

  test("belongs to one name: who stores elsewhere has another", async () => {
    const { browser } = await start(1, { hasLocks });
    const anna = new Client(browser.open({ hasLocks }), [], 'shop ["/","anna"]');
    await Promise.all([anna.wait(), pass(3_000)]);
    expect(anna.leads).toBe(true);
  });

  test("has both sides read the store when only one of them knows of work", async () => {
    const { leader, others } = await start(3, { hasLocks });
    const [one, other] = others as [Client, Client];
    await pass(60_000);
    expect(leader.stale + one.stale + other.stale).toBe(0);
    Object.assign(leader, { hasWork: false });
    Object.assign(other, { hasWork: false });
    await pass(10_000);
    expect(leader.stale).toBeGreaterThan(0);
    expect(one.stale).toBeGreaterThan(0);
    expect(other.stale).toBe(0);
  });

  test("is not given up for what another version says", async () => {
    const { browser, leader, others, log } = await start(2, { hasLocks });
    for (const message of [undefined, "probe", { v: 2, type: "holding" }, { v: 1, type: "new" }]) {
      browser.say(NAME, message);
    }
    await pass(60_000);
    expect(log).toEqual([leader]);
    expect(others).toHaveLength(1);
  });
});

describe("the right to drain, with Web Locks,", () => {
  test("is waited for in silence while somebody has it and nobody else has anything to send", async () => {
    const { browser, clients } = await start(2);
    const heard: unknown[] = [];
    const listener = new (browser.open().BroadcastChannel)(NAME);
    listener.onmessage = ({ data }) => heard.push(data);
    Object.assign(clients[1] as Client, { hasWork: false });
    await pass(60_000);
    expect(heard).toEqual([]);
    for (const client of clients) client.hasWork = true;
    await pass(60_000);
    expect(heard.length).toBeGreaterThan(10);
    expect(heard.length).toBeLessThan(60);
  });

  test("is free when nobody wants it any more who could get it", async () => {
    const { browser, leader, others } = await start(3);
    const controller = new AbortController();
    others[0]?.resign();
    const waiting = others[0]?.leadership.acquire(others[0], controller.signal);
    controller.abort();
    await expect(waiting).rejects.toThrow("no longer");
    others[1]?.resign();
    leader.resign();
    await pass(0);
    expect(browser.held.size).toBe(0);
    const late = leader.leadership.acquire(leader, new AbortController().signal);
    leader.leadership.close();
    await expect(late).rejects.toThrow("no longer");
    await pass(0);
    expect(browser.held.size).toBe(0);
  });

  test("is not acquired by one that gives it up in the moment when it gets it", async () => {
    const client = new Client(new FakeBrowser().open());
    const request = (_name: string, _options: object, hold: () => unknown) => {
      const held = hold();
      client.leadership.release();
      return held;
    };
    Object.assign(client.tab.navigator, {
      locks: {
        request: (...args: [string, object, () => unknown]) =>
          Promise.resolve().then(() => request(...args)),
      },
    });
    await expect(client.wait()).rejects.toThrow("no longer");
    expect(client.leads).toBe(false);
  });

  test("is not held in appearance by one that lost it and does not know", async () => {
    const { log, leader, others } = await start(3);
    leader.isFrozen = true;
    await pass(TAKE_OVER_MS + 5_000);
    leader.isFrozen = false;
    const [next] = log.slice(-1) as [Client];
    const [last] = others.filter((client) => client !== next);
    next.isFrozen = true;
    await pass(TAKE_OVER_MS + 5_000);
    expect(log.at(-1)).toBe(last);
  });

  test("goes to the next one at once when the page that had it crashes", async () => {
    const { clients, leader } = await start(3);
    leader.tab.crash();
    leader.leads = false;
    await pass(0);
    expect(leaders(clients)).toHaveLength(1);
  });

  test("is not taken back by the release of one that lost it", async () => {
    const { browser, leader, others } = await start(2);
    leader.isFrozen = true;
    await pass(TAKE_OVER_MS + 5_000);
    leader.resign();
    await pass(0);
    expect(browser.held.get(NAME)?.tab).toBe(others[0]?.tab);
  });

  test("is an error if the browser does not give out locks", async () => {
    const tab = new FakeBrowser().open();
    const refused = new DOMException("not here", "SecurityError");
    Object.assign(tab.navigator, { locks: { request: () => Promise.reject(refused) } });
    await expect(new Client(tab).wait()).rejects.toBe(refused);
  });
});

describe("the right to drain, without Web Locks,", () => {
  test("is taken over when the page that had it has crashed", async () => {
    const { clients, leader } = await start(3, { hasLocks: false });
    leader.tab.crash();
    leader.leads = false;
    await pass(TAKE_OVER_MS + 5_000);
    expect(leaders(clients)).toHaveLength(1);
  });

  test("is there at once, and without anybody to ask", async () => {
    const tab = Object.assign(new FakeBrowser().open({ hasLocks: false }), {
      BroadcastChannel: undefined,
    });
    const alone = new Client(tab);
    alone.hasWork = false;
    await Promise.all([alone.wait(), pass(1_000)]);
    expect(alone.leads).toBe(true);
  });
});
