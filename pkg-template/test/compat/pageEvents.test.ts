import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Core } from "../../src/compat/enginePort.js";
import { turn } from "../support/setUp.js";
import { fakeCore, FakeCoreEngine, handshake } from "./support/coreEngine.js";

const load = vi.hoisted(() => vi.fn<() => Promise<Core>>());
vi.mock("../../src/compat/loadedCore.js", () => ({ load }));

let page: EventTarget;

beforeEach(() => {
  page = new EventTarget();
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  vi.stubGlobal("removeEventListener", page.removeEventListener.bind(page));
  vi.resetModules(); // whether it runs in a service worker is found out when the module is evaluated
  load.mockReset().mockResolvedValue(fakeCore);
});
afterEach(() => {
  vi.useRealTimers();
});

async function opened(uri: string, options: object = {}) {
  const { Engine } = await import("../../src/compat/engine.js");
  const engine = new Engine(uri, options);
  await turn();
  const core = FakeCoreEngine.latest();
  core.events.opened(handshake, "polling");
  const close = vi.fn();
  engine.on("close", close);
  return { engine, core, close };
}

describe("losing the network", () => {
  it("closes the connection", async () => {
    const { close } = await opened("http://example.com");
    page.dispatchEvent(new Event("offline"));
    page.dispatchEvent(new Event("offline"));
    const details = { description: "network connection lost" };
    expect(close).toHaveBeenCalledExactlyOnceWith("transport close", details);
  });

  it("is nothing to a connection to the same machine", async () => {
    const { close } = await opened("http://localhost");
    page.dispatchEvent(new Event("offline"));
    expect(close).not.toHaveBeenCalled();
  });
});

describe("in a service worker", () => {
  it("listens from the start, because the worker hears nothing otherwise", async () => {
    vi.stubGlobal("ServiceWorkerGlobalScope", EventTarget);
    await import("../../src/compat/pageEvents.js");
    const added = vi.spyOn(page, "addEventListener");
    vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
    const { close } = await opened("http://example.com");
    expect(added).not.toHaveBeenCalled();
    page.dispatchEvent(new Event("offline"));
    expect(close).toHaveBeenCalledOnce();
  });
});

describe("closeOnBeforeunload", () => {
  it("closes silently, and swallows what is written then", async () => {
    const { engine, core, close } = await opened("http://a.b", { closeOnBeforeunload: true });
    page.dispatchEvent(new Event("beforeunload"));
    expect(core.calls).toContain("destroy");
    expect(engine.transport.readyState).toBe("closed");
    engine.write("ignored");
    expect(core.sent).toEqual([]);
    expect(close).not.toHaveBeenCalled();
  });

  it("misses the server's ping if the page stays", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "Date"] });
    const { close } = await opened("http://a.b", { closeOnBeforeunload: true });
    page.dispatchEvent(new Event("beforeunload"));
    vi.advanceTimersByTime(44_999);
    expect(close).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(close).toHaveBeenCalledExactlyOnceWith("ping timeout", undefined);
  });

  it("listens only while it is asked for and the connection is there", async () => {
    const { core } = await opened("http://a.b");
    page.dispatchEvent(new Event("beforeunload"));
    expect(core.calls).not.toContain("destroy");
    const removed = vi.spyOn(page, "removeEventListener");
    vi.stubGlobal("removeEventListener", page.removeEventListener.bind(page));
    const { engine } = await opened("http://a.b", { closeOnBeforeunload: true });
    engine.close();
    expect(removed.mock.calls.map(([event]) => event).sort()).toEqual(["beforeunload", "offline"]);
  });
});
