import { describe, expect, test, vi } from "vitest";
import { diagnose } from "../src/diagnose.js";

const pollingUrl = "https://api.example.com/socket.io/?EIO=4&transport=polling";

/** Of a client that lives. */
const { signal } = new AbortController();

const answering = (body: string, init?: ResponseInit) =>
  vi.fn<typeof fetch>(() => Promise.resolve(new Response(body, init)));
const failing = () => vi.fn<typeof fetch>(() => Promise.reject(new TypeError("Failed to fetch")));

describe("an answer", () => {
  test.each<[string, string, number, string]>([
    ["a handshake", '0{"sid":"x","upgrades":["websocket"]}', 200, "websocket_blocked"],
    ["an unknown transport", '{"code":0,"message":"Transport unknown"}', 400, "websocket_blocked"],
    ["a refusal", '{"code":4,"message":"Forbidden"}', 403, "websocket_blocked"],
    [
      "another protocol",
      '{"code":5,"message":"Unsupported protocol version"}',
      400,
      "websocket_blocked",
    ],
    ["a handshake of Socket.IO 2", '96:0{"sid":"x","upgrades":[]}2:40', 200, "unsupported_server"],
    ["a page", "<!doctype html><title>Not found</title>", 404, "not_socketio"],
    ["nothing", "", 200, "not_socketio"],
    ["JSON of something else", '{"code":"E1","error":"no"}', 200, "not_socketio"],
    ["a proxy without a server behind it", "<h1>Bad Gateway</h1>", 502, "server_unreachable"],
    ["text", "0", 200, "not_socketio"],
    ["an old handshake in the middle", '<p>96:0{"sid":"x"}', 200, "not_socketio"],
    ["a handshake in the middle", 'x0{"sid":"x"}', 200, "not_socketio"],
  ])("that is %s (%s, %d) means %s", async (_name, body, status, code) => {
    expect(await diagnose({ pollingUrl, fetch: answering(body, { status }) }, signal)).toBe(code);
  });

  test("is asked for once, fresh, at the polling address", async () => {
    const fetch = answering("");
    await diagnose({ pollingUrl, fetch }, signal);
    expect(fetch).toHaveBeenCalledExactlyOnceWith(
      pollingUrl,
      expect.objectContaining({ cache: "no-store" }),
    );
  });

  test("that breaks off is none", async () => {
    const body = new ReadableStream({ start: (stream) => stream.error(new TypeError("broken")) });
    const fetch = vi.fn<typeof globalThis.fetch>(() => Promise.resolve(new Response(body)));
    expect(await diagnose({ pollingUrl, fetch }, signal)).toBe("server_unreachable");
  });
});

describe("no answer", () => {
  test("means outside browsers that the server is unreachable", async () => {
    expect(await diagnose({ pollingUrl, fetch: failing() }, signal)).toBe("server_unreachable");
  });

  test.each<[string, string]>([
    ["https://api.example.com", "server_unreachable"],
    ["https://app.example.com", "unreachable_or_cors"],
    ["http://api.example.com", "unreachable_or_cors"],
    ["https://api.example.com:8443", "unreachable_or_cors"],
  ])("means in a page of %s %s", async (origin, code) => {
    vi.stubGlobal("location", { origin });
    expect(await diagnose({ pollingUrl, fetch: failing() }, signal)).toBe(code);
  });

  test("is what a fetch gives that throws", async () => {
    const fetch = vi.fn<typeof globalThis.fetch>(() => {
      throw new TypeError("refused");
    });
    expect(await diagnose({ pollingUrl, fetch }, signal)).toBe("server_unreachable");
  });

  test("is waited for five seconds", async () => {
    vi.useFakeTimers();
    const fetch = vi.fn<typeof globalThis.fetch>(
      (_url, init) =>
        new Promise((_resolve, reject) => {
          init?.signal?.addEventListener("abort", () => reject(new Error("aborted")));
        }),
    );
    const diagnosis = diagnose({ pollingUrl, fetch }, signal);
    vi.advanceTimersByTime(4_999);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(1);
    expect(await diagnosis).toBe("server_unreachable");
    vi.useRealTimers();
  });

  test("is not waited for when the client is destroyed", async () => {
    const life = new AbortController();
    const fetch = vi.fn<typeof globalThis.fetch>(
      (_url, init) =>
        new Promise((_resolve, reject) => {
          init?.signal?.addEventListener("abort", () => reject(new Error("aborted")));
        }),
    );
    const diagnosis = diagnose({ pollingUrl, fetch }, life.signal);
    life.abort();
    expect(await diagnosis).toBe("server_unreachable");
  });
});

test("without fetch nothing can be found out", async () => {
  expect(await diagnose({ pollingUrl, fetch: undefined }, signal)).toBe("transport_error");
});
