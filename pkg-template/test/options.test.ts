import { describe, expect, test, vi } from "vitest";
import { type ClientOptions, resolveOptions } from "../src/options.js";
import { idle, sockeyeError } from "./support/setUp.js";

const endpoints = (url: string | URL, options: ClientOptions = {}) => {
  const { webSocketUrl, pollingUrl } = resolveOptions(url, options).core;
  return [webSocketUrl, pollingUrl];
};

describe("the URL", () => {
  test.each([
    ["https://example.com", "wss://example.com", "https://example.com"],
    ["http://example.com", "ws://example.com", "http://example.com"],
    ["wss://example.com", "wss://example.com", "https://example.com"],
    ["ws://example.com", "ws://example.com", "http://example.com"],
    ["HTTPS://EXAMPLE.com/", "wss://example.com", "https://example.com"],
    ["http://localhost:3000/jobs", "ws://localhost:3000", "http://localhost:3000"],
    ["https://example.com:8443", "wss://example.com:8443", "https://example.com:8443"],
    ["https://example.com:443", "wss://example.com", "https://example.com"],
    ["http://[::1]:3000", "ws://[::1]:3000", "http://[::1]:3000"],
    ["https://example.com/#part", "wss://example.com", "https://example.com"],
  ])("of %s leads to %s and %s", (url, socket, polling) => {
    expect(endpoints(url)).toEqual([
      `${socket}/socket.io/?EIO=4&transport=websocket`,
      `${polling}/socket.io/?EIO=4&transport=polling`,
    ]);
  });

  test.each([
    ["https://example.com", "/"],
    ["https://example.com/", "/"],
    ["https://example.com/jobs", "/jobs"],
    ["https://example.com/jobs/", "/jobs/"],
    ["https://example.com/a/b", "/a/b"],
    ["https://example.com/jobs?x=1#y", "/jobs"],
    ["https://example.com/caf%C3%A9%20au%20lait", "/café au lait"],
    ["https://example.com/café au lait", "/café au lait"],
  ])("%s has the namespace %s", (url, namespace) => {
    expect(resolveOptions(url, {}).namespace).toBe(namespace);
    expect(idle({}, url).client.name).toBe(namespace);
  });

  test("can be a URL object", () => {
    expect(idle({}, new URL("https://example.com/jobs")).client.name).toBe("/jobs");
  });

  test("is relative to the page", () => {
    vi.stubGlobal("location", { href: "https://example.com:8443/app/page?x=1" });
    expect(endpoints("/jobs")[0]).toBe(
      "wss://example.com:8443/socket.io/?EIO=4&transport=websocket",
    );
    expect(resolveOptions("/jobs", {}).namespace).toBe("/jobs");
    expect(resolveOptions("//other.com/x", {}).core.pollingUrl).toContain("https://other.com/");
  });

  test("that is absolute has nothing to do with the page", () => {
    vi.stubGlobal("location", { href: "http://page.com/app" });
    expect(endpoints("wss://example.com")[0]).toMatch(/^wss:\/\/example\.com\//);
  });

  test.each(["", "example.com", "https://", "http://exa mple.com"])("%j is no URL", (url) => {
    expect(() => idle({}, url)).toThrow(sockeyeError("invalid_url"));
  });

  test.each(["ftp://example.com", "localhost:3000", "file:///jobs", "javascript:alert(1)"])(
    "%s has a foreign scheme",
    (url) => {
      expect(() => idle({}, url)).toThrow(sockeyeError("invalid_url"));
    },
  );

  test.each(["about:blank", undefined])(
    "that is a path cannot connect without a page: %s",
    async (href) => {
      if (href) vi.stubGlobal("location", { href });
      const { client, loader } = idle({}, "/jobs");
      expect(client.name).toBe("/jobs");
      await expect(client.connect()).rejects.toEqual(sockeyeError("invalid_url"));
      expect(client.status.value).toMatchObject({ state: "disconnected" });
      expect(loader.count).toBe(0);
    },
  );

  test("that is wrong is named by the error, with what the platform says as cause", () => {
    const cause = expect.any(TypeError) as unknown;
    expect(() => idle({}, "http://")).toThrow(sockeyeError("invalid_url", { cause }));
    expect(() => idle({}, "gopher://x")).toThrow("gopher://x");
  });
});

describe("the path", () => {
  test.each([
    ["/socket.io", "/socket.io/"],
    ["/socket.io/", "/socket.io/"],
    ["realtime", "/realtime/"],
    ["//api//realtime//", "/api//realtime/"],
    ["/", "/"],
    ["", "/"],
  ])("%j becomes %s", (path, expected) => {
    const urls = endpoints("https://example.com/jobs", { path }).map(
      (url) => new URL(url).pathname,
    );
    expect(urls).toEqual([expected, expected]);
  });
});

describe("the query", () => {
  const query = (url: string, options: ClientOptions) =>
    endpoints(url, options).map((endpoint) => Object.fromEntries(new URL(endpoint).searchParams));

  test("is added to the address of every request", () => {
    expect(query("https://example.com", { query: { room: "a&b", n: 1, on: true } })).toEqual([
      { room: "a&b", n: "1", on: "true", EIO: "4", transport: "websocket" },
      { room: "a&b", n: "1", on: "true", EIO: "4", transport: "polling" },
    ]);
  });

  test("is joined with that of the URL, which yields", () => {
    expect(query("https://example.com/?a=1&b=2", { query: { b: 3 } })[0]).toMatchObject({
      a: "1",
      b: "3",
    });
  });

  test("cannot change the protocol", () => {
    const options = { query: { EIO: 3, transport: "x" } };
    expect(query("https://example.com/?EIO=3", options)[0]).toEqual({
      EIO: "4",
      transport: "websocket",
    });
  });
});

describe("times", () => {
  test("have defaults", () => {
    const { core, requestTimeoutMs } = resolveOptions("https://example.com", {});
    expect({ ...core, requestTimeoutMs }).toMatchObject({
      minMs: 100,
      baseMs: 1_000,
      capMs: 30_000,
      connectTimeoutMs: 20_000,
      requestTimeoutMs: 10_000,
    });
  });

  test("can be set, each alone", () => {
    const { core, requestTimeoutMs } = resolveOptions("https://example.com", {
      reconnect: { baseMs: 5 },
      connectTimeoutMs: 7,
      requestTimeoutMs: 8,
    });
    expect({ ...core, requestTimeoutMs }).toMatchObject({
      minMs: 100,
      baseMs: 5,
      capMs: 30_000,
      connectTimeoutMs: 7,
      requestTimeoutMs: 8,
    });
  });

  test.each([0, -1, NaN, Infinity, 2 ** 31])("cannot be %d", (time) => {
    for (const options of [
      { connectTimeoutMs: time },
      { requestTimeoutMs: time },
      { reconnect: { minMs: time } },
      { reconnect: { baseMs: time } },
      { reconnect: { capMs: time } },
    ]) {
      expect(() => idle(options)).toThrow(sockeyeError("invalid_option"));
    }
  });

  test("that are wrong are named by the error", () => {
    expect(() => idle({ connectTimeoutMs: -5 })).toThrow("connectTimeoutMs is -5");
  });

  test("can be as long as a timer can wait", () => {
    expect(() => idle({ requestTimeoutMs: 2 ** 31 - 1 })).not.toThrow();
  });

  test("of one request are checked at once", () => {
    const { client } = idle();
    expect(() => client.with({ timeoutMs: 0 })).toThrow(sockeyeError("invalid_option"));
    expect(() => client.with({ timeoutMs: 1 })).not.toThrow();
    expect(() => client.with({})).not.toThrow();
  });
});

describe("the transports", () => {
  const core = (options: ClientOptions = {}) => resolveOptions("https://example.com", options).core;
  const WebSocketOfTest = class {} as unknown as typeof WebSocket;
  const fetchOfTest: typeof fetch = () => Promise.reject(new Error("unused"));
  const platform = (webSocket: unknown, fetch: unknown) => {
    vi.stubGlobal("WebSocket", webSocket);
    vi.stubGlobal("fetch", fetch);
  };

  test("have defaults", () => {
    platform(WebSocketOfTest, fetchOfTest);
    expect(core()).toMatchObject({
      transports: ["websocket", "polling"],
      upgrade: true,
      rememberUpgrade: false,
      withCredentials: false,
      requestTimeoutMs: 0,
      timestampParam: "t",
      webSocketTimestampParam: "",
      forceBase64: false,
      binaryType: "arraybuffer",
      maxAttachments: 64,
      maxAttachmentBytes: 16_000_000,
      attachmentTimeoutMs: 30_000,
    });
    expect(core()).not.toHaveProperty("extraHeaders");
    expect(core()).not.toHaveProperty("webSocketProtocols");
  });

  test("can be set", () => {
    platform(WebSocketOfTest, fetchOfTest);
    const extraHeaders = { "x-api-key": "k" };
    const options = core({
      transports: ["polling", "websocket", "polling"],
      upgrade: false,
      rememberUpgrade: true,
      withCredentials: true,
      extraHeaders,
      httpTimeoutMs: 4_000,
      protocols: ["a", "b"],
      timestampParam: "",
      attachments: { maxCount: 1, maxBytes: 0, timeoutMs: 3 },
    });
    expect(options).toMatchObject({
      transports: ["polling", "websocket"],
      upgrade: false,
      rememberUpgrade: true,
      withCredentials: true,
      extraHeaders,
      requestTimeoutMs: 4_000,
      webSocketProtocols: ["a", "b"],
      timestampParam: "",
      maxAttachments: 1,
      maxAttachmentBytes: 0,
      attachmentTimeoutMs: 3,
    });
    expect(options.extraHeaders, "what is changed later is of no concern").not.toBe(extraHeaders);
  });

  test.each<[string, unknown, unknown, ClientOptions["transports"], string[]]>([
    ["both are there", WebSocketOfTest, fetchOfTest, undefined, ["websocket", "polling"]],
    ["there is no WebSocket", undefined, fetchOfTest, undefined, ["polling"]],
    ["there is no fetch", WebSocketOfTest, undefined, undefined, ["websocket"]],
    ["there is nothing", undefined, undefined, undefined, ["websocket", "polling"]],
    ["what is wanted is not there", undefined, fetchOfTest, ["websocket"], ["websocket"]],
    ["one is wanted", WebSocketOfTest, fetchOfTest, ["polling"], ["polling"]],
  ])("that are tried where %s", (_name, webSocket, fetch, transports, expected) => {
    platform(webSocket, fetch);
    expect(core({ transports }).transports).toEqual(expected);
  });

  test("include a WebSocket that is given", () => {
    platform(undefined, undefined);
    expect(core({ webSocket: WebSocketOfTest }).transports).toEqual(["websocket"]);
  });

  test.each<[string, ClientOptions]>([
    ["transports is no array, or empty", { transports: [] }],
    ['transports has "webtransport"', { transports: ["webtransport" as "websocket"] }],
    ["transports is no array, or empty", { transports: "polling" as unknown as ["polling"] }],
    ["httpTimeoutMs is 0", { httpTimeoutMs: 0 }],
    ["extraHeaders cannot be sent", { extraHeaders: { "no name": "x" } }],
    ["extraHeaders cannot be sent", { extraHeaders: { name: "line\nbreak" } }],
    ["attachments.maxCount is -1", { attachments: { maxCount: -1 } }],
    ["attachments.maxCount is 1.5", { attachments: { maxCount: 1.5 } }],
    ["attachments.maxCount is 1001", { attachments: { maxCount: 1_001 } }],
    ["attachments.maxBytes is NaN", { attachments: { maxBytes: NaN } }],
    ["attachments.maxBytes is 1000000001", { attachments: { maxBytes: 1_000_000_001 } }],
    ["attachments.timeoutMs is Infinity", { attachments: { timeoutMs: Infinity } }],
  ])("are refused at once: %s", (message, options) => {
    expect(() => idle(options)).toThrow(sockeyeError("invalid_option", { message }));
  });
});

describe("what the platform gives", () => {
  test("is the default", async () => {
    class GlobalWebSocket {}
    vi.stubGlobal("WebSocket", GlobalWebSocket);
    const globalFetch = vi.fn(function (this: unknown) {
      return Promise.resolve(this);
    });
    vi.stubGlobal("fetch", globalFetch);
    const { core } = resolveOptions("https://example.com", {});
    expect(core.webSocket).toBe(GlobalWebSocket);
    // Called as a method of anything else it would throw in browsers.
    expect(await core.fetch?.("https://example.com")).toBe(globalThis);
  });

  test("can be replaced", () => {
    class OwnWebSocket {}
    const webSocket = OwnWebSocket as unknown as typeof WebSocket;
    const ownFetch: typeof fetch = () => Promise.reject(new Error("unused"));
    const { core } = resolveOptions("https://example.com", { webSocket, fetch: ownFetch });
    expect(core.webSocket).toBe(OwnWebSocket);
    expect(core.fetch).toBe(ownFetch);
  });

  test("can be missing", () => {
    vi.stubGlobal("WebSocket", undefined);
    vi.stubGlobal("fetch", undefined);
    const { core } = resolveOptions("https://example.com", {});
    expect(core.webSocket).toBeUndefined();
    expect(core.fetch).toBeUndefined();
  });

  test("includes the randomness of the delays", () => {
    const seed = (random: number) =>
      resolveOptions("https://example.com", { random: () => random }).core.seed;
    expect([seed(0), seed(0.5)]).toEqual([0, 2 ** 52]);
    expect(seed(1 - 2 ** -53)).toBeLessThan(2 ** 53);
    vi.spyOn(Math, "random").mockReturnValue(0.25);
    expect(resolveOptions("https://example.com", {}).core.seed).toBe(2 ** 51);
  });
});

test("the core gets what concerns it when it is made", async () => {
  const { client, loader } = idle({ path: "/rt", reconnect: { minMs: 3 }, trustRecovery: true });
  void client.connect();
  expect((await loader.succeed()).options).toMatchObject({
    webSocketUrl: "wss://example.com/rt/?EIO=4&transport=websocket",
    pollingUrl: "https://example.com/rt/?EIO=4&transport=polling",
    minMs: 3,
    trustRecovery: true,
  });
  expect(resolveOptions("https://example.com", {}).core.trustRecovery).toBe(false);
});

describe("tabs", () => {
  const worker = () => new EventTarget() as Worker;
  const resolve = (options: object) => () => resolveOptions("https://example.com", options);

  test.each(["leader", "own", undefined])("may be %s", (tabs) => {
    expect(resolve({ worker, tabs })).not.toThrow();
  });

  test.each(["Leader", true, null])("may not be %s", (tabs) => {
    expect(resolve({ worker, tabs })).toThrow(/tabs is neither/);
  });

  test("needs a worker if one leads", () => {
    expect(resolve({ tabs: "leader" })).toThrow(/without worker/);
    expect(resolve({ tabs: "own" })).not.toThrow();
  });
});

describe("lifecycle", () => {
  const lifecycle = (options: ClientOptions) =>
    resolveOptions("https://example.com", options).core.lifecycle;

  test("is that of the page or worker, unless told otherwise", () => {
    const scope = new EventTarget();
    expect(lifecycle({})).toBe(false);
    expect(lifecycle({ lifecycle: scope })).toBe(scope);
    vi.stubGlobal("document", new EventTarget());
    expect(lifecycle({})).toBe(true);
    expect(lifecycle({ lifecycle: false })).toBe(false);
    vi.unstubAllGlobals();
  });
});
