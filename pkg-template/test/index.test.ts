import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type * as Core from "../src/core.js";
import { FakeCore } from "./support/fakeCore.js";
import { sockeyeError, turn } from "./support/setUp.js";

const loaded = vi.fn();
const createCore = vi.fn<typeof Core.createCore>();

beforeEach(() => {
  vi.resetModules();
  vi.doMock("../src/core.js", () => {
    loaded();
    return { createCore };
  });
  loaded.mockReset();
  createCore.mockReset();
  createCore.mockImplementation((options, events) =>
    Promise.resolve(new FakeCore(options, events)),
  );
});
afterEach(() => void vi.useRealTimers());

describe("importing the package", () => {
  test.each(["../src/index.js", "../src/inline.js", "../src/url.js"])(
    "from %s has no side effects",
    async (entry) => {
      const touched = vi.fn();
      const names = ["WebSocket", "fetch", "addEventListener", "queueMicrotask", "WebAssembly"];
      for (const name of names) vi.stubGlobal(name, touched);
      vi.useFakeTimers();
      const before = Object.getOwnPropertyNames(globalThis);
      await import(entry);
      expect(vi.getTimerCount()).toBe(0);
      expect(touched).not.toHaveBeenCalled();
      expect(Object.getOwnPropertyNames(globalThis)).toEqual(before);
      expect(createCore).not.toHaveBeenCalled();
    },
  );

  test("does not load the core", async () => {
    await import("../src/index.js");
    await turn();
    expect(loaded).not.toHaveBeenCalled();
  });

  test.each(["../src/index.js", "../src/inline.js", "../src/url.js"])(
    "gives from %s what is public",
    async (entry) => {
      const exported = (await import(entry)) as object;
      expect(Object.keys(exported).sort()).toEqual([
        "SockeyeError",
        "StopReconnecting",
        "buffer",
        "chunks",
        "conflate",
        "createClient",
        "isSockeyeError",
        "job",
        "latest",
        "live",
        "nest",
        "nestJobs",
        "presence",
        "projectJobs",
        "roomJobs",
        "validate",
      ]);
    },
  );
});

describe("createClient()", () => {
  test("is synchronous and loads nothing", async () => {
    const { createClient } = await import("../src/index.js");
    const client = createClient("https://example.com/jobs");
    expect(client.name).toBe("/jobs");
    await turn();
    expect(loaded).not.toHaveBeenCalled();
    await client.destroy();
  });

  test("throws at once for a wrong address, and of the inline entry for a wrong option", async () => {
    const { createClient } = await import("../src/index.js");
    expect(() => createClient("nonsense")).toThrow(sockeyeError("invalid_url"));
    const inline = await import("../src/inline.js");
    expect(() => inline.createClient("https://example.com", { requestTimeoutMs: 0 })).toThrow(
      sockeyeError("invalid_option"),
    );
  });

  test("imports the core when a client first connects", async () => {
    const { createClient } = await import("../src/index.js");
    const client = createClient("https://example.com");
    const options = new Promise((resolve) => {
      createCore.mockImplementation((options, events) => {
        resolve(options);
        return Promise.resolve(new FakeCore(options, events));
      });
    });
    void client.connect();
    expect(await options).toMatchObject({
      webSocketUrl: "wss://example.com/socket.io/?EIO=4&transport=websocket",
    });
    expect(loaded).toHaveBeenCalledOnce();
    void client.connect();
    void client.namespace("/admin").connect();
    await turn();
    expect(loaded).toHaveBeenCalledOnce();
    expect(createCore).toHaveBeenCalledOnce();
    await client.destroy();
  });

  test("of the inline entry has the core already", async () => {
    const { createClient } = await import("../src/inline.js");
    const client = createClient("https://example.com");
    void client.connect();
    expect(createCore).toHaveBeenCalledOnce();
    await client.destroy();
  });

  test("makes clients that know nothing of each other", async () => {
    const { createClient } = await import("../src/index.js");
    const clients = [createClient("https://example.com"), createClient("https://example.com")];
    const [first, second] = clients;
    await first?.destroy();
    expect(first?.status.value).toEqual({ state: "closed" });
    expect(second?.status.value).toEqual({ state: "idle" });
    await second?.destroy();
  });
});
