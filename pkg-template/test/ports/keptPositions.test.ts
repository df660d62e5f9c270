import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { StreamPosition } from "../../src/dedupPort.js";
import { type KeepScope, KeptPositions } from "../../src/ports/keptPositions.js";

const SERVER = "api.example.com/socket.io/";

/** A tab: its storage stays, its pages come and go. */
class Tab {
  readonly items = new Map<string, string>();
  readonly sessionStorage = {
    getItem: (key: string) => this.items.get(key) ?? null,
    setItem: (key: string, value: string) => void this.items.set(key, value),
    removeItem: (key: string) => void this.items.delete(key),
  };

  /** A page in it; `positions` are what its core says. */
  page(positions: StreamPosition[] = [], over: Partial<KeepScope> = {}, server = SERVER) {
    const window = new EventTarget();
    const document = Object.assign(new EventTarget(), { visibilityState: "visible" });
    const self = {};
    const { sessionStorage } = this;
    const addEventListener = window.addEventListener.bind(window);
    const scope = { document, sessionStorage, self, top: self, addEventListener, ...over };
    const kept = new KeptPositions(server, () => positions, scope);
    made.push(kept);
    const leave = () => {
      window.dispatchEvent(new Event("pagehide"));
      owners().clear(); // They are those of a page.
    };
    const hide = () => {
      document.visibilityState = "hidden";
      document.dispatchEvent(new Event("visibilitychange"));
    };
    return { kept, leave, hide, window, document };
  }
}

const owners = () =>
  (globalThis as unknown as Record<symbol, Set<string>>)[Symbol.for("sockeye.positions")] ??
  new Set<string>();

const made: KeptPositions[] = [];
beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  for (const kept of made.splice(0)) kept.forget();
  vi.useRealTimers();
});

const position: StreamPosition = ["news", "epoch", 4];

describe("how far events were delivered", () => {
  test("is known to the next page of the tab, when this one is left", () => {
    const tab = new Tab();
    const { kept, leave } = tab.page([position]);
    expect(kept.add(0, "/")).toBeUndefined();
    leave();
    expect(tab.page().kept.add(0, "/")).toEqual([position]);
  });

  test.each<[string, (page: ReturnType<Tab["page"]>) => void]>([
    ["a second after an event", ({ kept }) => (kept.touch(), vi.advanceTimersByTime(1_000))],
    ["when the page is hidden", ({ hide }) => hide()],
    ["when it is frozen", ({ document }) => document.dispatchEvent(new Event("freeze"))],
  ])("is stored %s", (_, happen) => {
    const tab = new Tab();
    const page = tab.page([position]);
    page.kept.add(0, "/");
    happen(page);
    expect(tab.items.size).toBe(1);
  });

  test("is written once for many events, and not as long as there are none", () => {
    const tab = new Tab();
    const setItem = vi.spyOn(tab.sessionStorage, "setItem");
    const { kept } = tab.page([position]);
    kept.add(0, "/");
    vi.advanceTimersByTime(10_000);
    expect(setItem).not.toHaveBeenCalled();
    for (let event = 0; event < 1_000; event += 1) kept.touch();
    vi.advanceTimersByTime(10_000);
    expect(setItem).toHaveBeenCalledTimes(1);
  });

  test("is not known to another tab, server, namespace or user", () => {
    const tab = new Tab();
    const { kept, leave } = tab.page([position]);
    kept.setIdentity("alice");
    kept.add(0, "/");
    leave();
    const read = (of: Tab, identity: string, namespace: string) => {
      const { kept } = of.page();
      kept.setIdentity(identity);
      const left = kept.add(0, namespace);
      owners().clear();
      return left;
    };
    expect(read(new Tab(), "alice", "/")).toBeUndefined();
    expect(read(tab, "alice", "/admin")).toBeUndefined();
    expect(read(tab, "bob", "/")).toBeUndefined();
    expect(read(tab, "", "/")).toBeUndefined();
    expect(read(tab, "alice", "/")).toEqual([position]);
    const other = tab.page([], {}, "other.example.com/socket.io/");
    other.kept.setIdentity("alice");
    expect(other.kept.add(0, "/")).toBeUndefined();
  });

  test("is forgotten with another user, the end of the client, and when nothing is known", () => {
    const tab = new Tab();
    const positions = [position];
    const { kept, hide } = tab.page(positions);
    kept.add(0, "/");
    hide();
    kept.setIdentity("bob");
    expect(tab.items.size).toBe(0);
    hide();
    expect(tab.items.size).toBe(1);
    positions.length = 0;
    hide();
    expect(tab.items.size).toBe(0);
    positions.push(position);
    hide();
    kept.touch();
    kept.forget();
    hide();
    vi.runAllTimers();
    expect(tab.items.size).toBe(0);
  });

  test("is that of one client of a page, until it ends", () => {
    const tab = new Tab();
    const first = tab.page([position]);
    first.kept.add(0, "/");
    first.hide();
    const second = tab.page([["news", "epoch", 9]]);
    expect(second.kept.add(0, "/")).toBeUndefined();
    second.hide();
    expect([...tab.items.values()].join("")).toContain("4]");
    first.kept.forget();
    tab.page([position]).kept.add(0, "/");
    expect(owners().size).toBe(1);
  });

  test("is that of the page, not of a frame or a worker", () => {
    const tab = new Tab();
    const frame = tab.page([position], { top: {} });
    const worker = tab.page([position], { document: undefined });
    const node = tab.page([position], { sessionStorage: undefined });
    for (const { kept, leave } of [frame, worker, node]) {
      kept.add(0, "/");
      kept.touch();
      vi.runAllTimers();
      leave();
    }
    expect(tab.items.size).toBe(0);
  });

  test("stays the older one if there is no room, and is none where nothing may be stored", () => {
    const tab = new Tab();
    const positions = [position];
    const { kept, hide, leave } = tab.page(positions);
    kept.add(0, "/");
    hide();
    positions[0] = ["news", "epoch", 5];
    const fail = () => {
      throw new DOMException("full", "QuotaExceededError");
    };
    const setItem = vi.spyOn(tab.sessionStorage, "setItem").mockImplementation(fail);
    leave();
    setItem.mockRestore();
    expect(tab.page().kept.add(0, "/")).toEqual([position]);
    owners().clear();

    const page = {};
    const forbidden = new KeptPositions(SERVER, () => [position], {
      ...{ document: Object.assign(new EventTarget(), { visibilityState: "visible" }) },
      ...{ self: page, top: page },
      get sessionStorage(): never {
        throw new DOMException("no", "SecurityError");
      },
    });
    expect(forbidden.add(0, "/")).toBeUndefined();
  });

  test.each(["", "{", "null", "7", '{"v":2}', '{"v":1,"identity":"","positions":7}'])(
    "is not read from %j, and not stored if it is huge",
    (text) => {
      const tab = new Tab();
      const positions = [position];
      const { kept, hide } = tab.page(positions);
      kept.add(0, "/");
      hide();
      const [key = ""] = tab.items.keys();
      tab.items.set(key, text);
      owners().clear();
      expect(tab.page().kept.add(0, "/")).toBeUndefined();
      positions[0] = ["n".repeat(100_000), "epoch", 5];
      hide();
      expect(tab.items.size).toBe(0);
    },
  );
});
