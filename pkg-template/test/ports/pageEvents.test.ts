import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type PageListener, type PageScope, watchPage } from "../../src/ports/pageEvents.js";

/** Knows what is listened to. */
class Target extends EventTarget {
  readonly types: string[] = [];

  override addEventListener(...args: Parameters<EventTarget["addEventListener"]>): void {
    super.addEventListener(...args);
    this.types.push(args[0]);
  }

  override removeEventListener(...args: Parameters<EventTarget["removeEventListener"]>): void {
    super.removeEventListener(...args);
    this.types.splice(this.types.indexOf(args[0]), 1);
  }
}

class FakeDocument extends Target {
  visibilityState = "visible";

  show(state: "visible" | "hidden"): void {
    this.visibilityState = state;
    this.dispatchEvent(new Event("visibilitychange"));
  }
}

class FakeWindow extends Target implements PageScope {
  readonly document = new FakeDocument();
}

const listener = () => ({
  suspend: vi.fn<PageListener["suspend"]>(),
  resume: vi.fn<PageListener["resume"]>(),
});

/** A page that is watched. */
function watched() {
  const scope = new FakeWindow();
  const told = listener();
  const stop = watchPage(scope, told);
  return { scope, told, stop };
}

const shown = (persisted: boolean) => Object.assign(new Event("pageshow"), { persisted });

/** Lets only one of the clocks go on, as when a machine sleeps, or its clock is set. */
function jump({ wallMs = 0, monotonicMs = 0 }): void {
  const [date, now] = [Date.now, performance.now.bind(performance)];
  vi.spyOn(Date, "now").mockImplementation(() => date() + wallMs);
  vi.spyOn(performance, "now").mockImplementation(() => now() + monotonicMs);
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe("a page", () => {
  test.each(["pagehide", "freeze"])("that says %s is about to stand still", (type) => {
    const { scope, told } = watched();
    (type === "freeze" ? scope.document : scope).dispatchEvent(new Event(type));
    expect(told.suspend).toHaveBeenCalledOnce();
    expect(told.resume).not.toHaveBeenCalled();
  });

  test.each(["resume", "online", "offline"])(
    "that says %s may have lost its connection",
    (type) => {
      const { scope, told } = watched();
      (type === "resume" ? scope.document : scope).dispatchEvent(new Event(type));
      expect(told.resume).toHaveBeenCalledExactlyOnceWith(0);
    },
  );

  test("is back when it is shown from the cache, and not when it is shown at first", () => {
    const { scope, told } = watched();
    scope.dispatchEvent(shown(false));
    expect(told.resume).not.toHaveBeenCalled();
    scope.dispatchEvent(shown(true));
    expect(told.resume).toHaveBeenCalledOnce();
  });

  test("is back when it is seen, and goes on when it is hidden", () => {
    const { scope, told } = watched();
    scope.document.show("hidden");
    expect([told.suspend, told.resume].map((call) => call.mock.calls.length)).toEqual([0, 0]);
    scope.document.show("visible");
    expect(told.resume).toHaveBeenCalledOnce();
  });

  test("keeps itself fit for the back/forward cache", () => {
    const { scope } = watched();
    expect(scope.types).not.toContain("beforeunload");
    expect(scope.types).not.toContain("unload");
  });

  test("has no listener and no timer left at the end", () => {
    const { scope, told, stop } = watched();
    stop();
    expect([...scope.types, ...scope.document.types]).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
    scope.dispatchEvent(new Event("pagehide"));
    scope.document.show("visible");
    expect(told.suspend).not.toHaveBeenCalled();
    expect(told.resume).not.toHaveBeenCalled();
  });
});

describe("the clocks", () => {
  test("tell nothing while they go on", () => {
    const { told } = watched();
    vi.advanceTimersByTime(600_000);
    expect(told.resume).not.toHaveBeenCalled();
  });

  test("tell of a sleep that the monotonic clock has not counted", () => {
    const { told } = watched();
    jump({ wallMs: 60_000 });
    vi.advanceTimersByTime(2_000);
    expect(told.resume).toHaveBeenCalledExactlyOnceWith(60_000);
    vi.advanceTimersByTime(600_000);
    expect(told.resume).toHaveBeenCalledOnce();
  });

  test("tell of a standstill that both have counted", () => {
    const { told } = watched();
    jump({ wallMs: 60_000, monotonicMs: 60_000 });
    vi.advanceTimersByTime(2_000);
    expect(told.resume).toHaveBeenCalledExactlyOnceWith(0);
  });

  test.each([-86_400_000, 4_000])("tell nothing when the wall clock is set by %i ms", (wallMs) => {
    const { told } = watched();
    jump({ wallMs });
    vi.advanceTimersByTime(2_000);
    expect(told.resume).not.toHaveBeenCalled();
  });

  test("are looked at only while the page is seen", () => {
    const { scope } = watched();
    expect(vi.getTimerCount()).toBe(1);
    scope.document.show("hidden");
    expect(vi.getTimerCount()).toBe(0);
    scope.dispatchEvent(new Event("online"));
    expect(vi.getTimerCount()).toBe(0);
    scope.document.show("visible");
    scope.document.show("visible");
    expect(vi.getTimerCount()).toBe(1);
    scope.dispatchEvent(new Event("pagehide"));
    expect(vi.getTimerCount()).toBe(0);
    scope.dispatchEvent(shown(true));
    expect(vi.getTimerCount()).toBe(1);
  });

  test("do not count the time in which the page was not seen", () => {
    const { scope, told } = watched();
    scope.document.show("hidden");
    jump({ wallMs: 60_000 });
    scope.document.show("visible");
    vi.advanceTimersByTime(10_000);
    expect(told.resume).toHaveBeenCalledExactlyOnceWith(0);
  });
});

describe("a worker", () => {
  test("has a network and clocks, and no document", () => {
    const scope: Target & PageScope = new Target();
    const told = listener();
    const stop = watchPage(scope, told);
    scope.dispatchEvent(new Event("online"));
    expect(told.resume).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(1);
    stop();
    expect(scope.types).toEqual([]);
  });
});
