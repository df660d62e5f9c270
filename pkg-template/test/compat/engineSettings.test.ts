import { describe, expect, it, vi } from "vitest";
import type { EngineOptions } from "../../src/compat/engineOptions.js";
import {
  resolveEngineOptions,
  toAddress,
  toCoreOptions,
  toTransports,
} from "../../src/compat/engineSettings.js";
import { Fetch, WebSocket, WebTransport, XHR } from "../../src/compat/transports.js";

/** What the core is told. */
function coreOptions(options: EngineOptions = {}, uri?: string) {
  const resolved = resolveEngineOptions(uri, options);
  return toCoreOptions(toAddress(uri, options), resolved, toTransports(options), false);
}

describe("the address", () => {
  it.each([
    ["http://localhost", "localhost", "80", false],
    ["https://localhost", "localhost", "443", true],
    ["wss://localhost", "localhost", "443", true],
    ["wss://localhost:2020", "localhost", "2020", true],
    ["http://[::1]", "::1", "80", false],
    ["http://[::1]:8080", "::1", "8080", false],
  ])("of %s", (uri, hostname, port, secure) => {
    expect(toAddress(uri, {})).toEqual({ hostname, port, secure });
  });

  it.each([
    [{ host: "localhost" }, "localhost", "80", false],
    [{ host: "localhost", port: "8080" }, "localhost", "8080", false],
    [{ hostname: "other", port: 8080 }, "other", "8080", false],
    [{ secure: true, host: "[::1]" }, "::1", "443", true],
    [{ host: "::1" }, "::1", "80", false],
    [{}, "localhost", "80", false],
  ] as const)("of the options %o", (options, hostname, port, secure) => {
    expect(toAddress(undefined, options)).toEqual({ hostname, port, secure });
  });

  it("is the page's if nothing is said", () => {
    vi.stubGlobal("location", { protocol: "https:", hostname: "page.org", port: "8443" });
    const page = { hostname: "page.org", port: "8443", secure: true };
    expect(toAddress(undefined, {})).toEqual(page);
    expect(toAddress(undefined, { host: "other" })).toEqual({
      ...{ hostname: "other", port: "443", secure: true },
    });
  });
});

describe("the URLs", () => {
  it("have path, query, version and transport, and no port that goes without saying", () => {
    expect(coreOptions({}, "https://a.b:443")).toMatchObject({
      pollingUrl: "https://a.b/engine.io/?EIO=4&transport=polling",
      webSocketUrl: "wss://a.b/engine.io/?EIO=4&transport=websocket",
    });
    const options = { hostname: "::1", port: 3_000, path: "/x", query: { "a b": "c&d", n: 1 } };
    expect(coreOptions(options)).toMatchObject({
      pollingUrl: "http://[::1]:3000/x/?a%20b=c%26d&n=1&EIO=4&transport=polling",
      webSocketUrl: "ws://[::1]:3000/x/?a%20b=c%26d&n=1&EIO=4&transport=websocket",
    });
  });

  it.each([
    [{}, "/engine.io/"],
    [{ path: "/p/" }, "/p/"],
    [{ path: "/p" }, "/p/"],
    [{ path: "/p/", addTrailingSlash: false }, "/p"],
  ])("end the path as %o says", (options, path) => {
    expect(resolveEngineOptions(undefined, options).path).toBe(path);
  });

  it("take the query from the URI, or from a text", () => {
    const query = "a=1%202&b=x=y";
    expect(coreOptions({ query: { c: 3 } }, `http://a.b/?${query}`).pollingUrl).toBe(
      "http://a.b/engine.io/?a=1%202&b=x%3Dy&EIO=4&transport=polling",
    );
    const options = { query: query as never };
    expect(resolveEngineOptions(undefined, options).query).toEqual({ a: "1 2", b: "x=y" });
  });

  it("have what is said for one transport", () => {
    const transportOptions = { websocket: { path: "/w", query: { deny: 1 }, protocols: ["p"] } };
    const { webSocketUrl, pollingUrl, webSocketProtocols } = coreOptions({ transportOptions });
    expect(webSocketUrl).toBe("ws://localhost/w?deny=1&EIO=4&transport=websocket");
    expect(pollingUrl).toBe("http://localhost/engine.io/?EIO=4&transport=polling");
    expect(webSocketProtocols).toEqual(["p"]);
  });
});

describe("the other options", () => {
  it("have defaults", () => {
    expect(coreOptions()).toEqual({
      webSocketUrl: expect.any(String) as string,
      pollingUrl: expect.any(String) as string,
      fetch: expect.any(Function) as typeof fetch,
      webSocket: globalThis.WebSocket,
      withCredentials: false,
      requestTimeoutMs: 0,
      timestampParam: "t",
      webSocketTimestampParam: "",
      forceBase64: false,
      binaryType: "arraybuffer",
      transports: ["polling", "websocket"],
      upgrade: true,
      tryAllTransports: false,
      connectTimeoutMs: 0,
      startWithWebSocket: false,
    });
  });

  it("are what is given", () => {
    const options: EngineOptions = {
      transports: ["websocket"],
      upgrade: false,
      tryAllTransports: true,
      withCredentials: true,
      requestTimeout: 5,
      extraHeaders: { a: "b" },
      protocols: "p",
      forceBase64: true,
      timestampParam: "ts",
      timestampRequests: true,
    };
    expect(coreOptions(options)).toMatchObject({
      transports: ["websocket"],
      upgrade: false,
      tryAllTransports: true,
      withCredentials: true,
      requestTimeoutMs: 5,
      extraHeaders: { a: "b" },
      webSocketProtocols: "p",
      forceBase64: true,
      timestampParam: "ts",
      webSocketTimestampParam: "ts",
    });
    expect(coreOptions({ timestampRequests: false }).timestampParam).toBe("");
  });

  it("are not modified", () => {
    const options = Object.freeze({
      query: Object.freeze({ a: "b" }),
      transports: Object.freeze(["polling"]),
    });
    coreOptions(options as never, "http://a.b?c=d");
    expect(options).toEqual({ query: { a: "b" }, transports: ["polling"] });
  });

  it("take over nothing from where there is no WebSocket and no fetch", () => {
    vi.stubGlobal("WebSocket", undefined);
    vi.stubGlobal("fetch", undefined);
    expect(coreOptions()).toMatchObject({ webSocket: undefined, fetch: undefined });
  });
});

describe("the transports", () => {
  it.each([
    [{}, ["polling", "websocket"]],
    [{ transports: ["websocket", "webtransport", "carrier pigeon"] }, ["websocket"]],
    [{ transports: [] }, []],
    [{ transports: [WebSocket, XHR] }, ["websocket", "polling"]],
    [{ transportImplementations: [WebTransport, Fetch] }, ["polling"]],
  ])("of %o", (options, names) => {
    expect(toTransports(options)).toEqual(names);
  });

  it("cannot be said twice", () => {
    const options = { transports: ["polling"], transportImplementations: [XHR] };
    expect(() => toTransports(options)).toThrow("cannot be given both");
  });
});
