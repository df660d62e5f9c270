import { describe, expect, test, vi } from "vitest";
import { diagnose, Diagnostician } from "../src/diagnose.js";
import { turn } from "./support/setUp.js";

const pollingUrl = "https://api.example.com/socket.io/?EIO=4&transport=polling";

const asking = (fetch: typeof globalThis.fetch | undefined) => ({
  pollingUrl,
  fetch,
  withCredentials: false,
});

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
    expect(await diagnose(asking(answering(body, { status })), signal)).toBe(code);
  });

  test("is asked for once, fresh, at the polling address", async () => {
    const fetch = answering("");
    await diagnose(asking(fetch), signal);
    expect(fetch).toHaveBeenCalledExactlyOnceWith(
      pollingUrl,
      expect.objectContaining({ cache: "no-store" }),
    );
  });

  test("is asked for as polling does it", async () => {
    const fetch = answering("");
    const extraHeaders = { "x-api-key": "k" };
    await diagnose({ ...asking(fetch), withCredentials: true, extraHeaders }, signal);
    await diagnose(asking(fetch), signal);
    expect(fetch.mock.calls.map(([, init]) => [init?.credentials, init?.headers])).toEqual([
      ["include", extraHeaders],
      ["same-origin", undefined],
    ]);
  });

  test("that breaks off is none", async () => {
    const body = new ReadableStream({ start: (stream) => stream.error(new TypeError("broken")) });
    const fetch = vi.fn<typeof globalThis.fetch>(() => Promise.resolve(new Response(body)));
    expect(await diagnose(asking(fetch), signal)).toBe("server_unreachable");
  });
});

describe("no answer", () => {
  test("means outside browsers that the server is unreachable", async () => {
    expect(await diagnose(asking(failing()), signal)).toBe("server_unreachable");
  });

  test.each<[string, string]>([
    ["https://api.example.com", "server_unreachable"],
    ["https://app.example.com", "unreachable_or_cors"],
    ["http://api.example.com", "unreachable_or_cors"],
    ["https://api.example.com:8443", "unreachable_or_cors"],
  ])("means in a page of %s %s", async (origin, code) => {
    vi.stubGlobal("location", { origin });
    expect(await diagnose(asking(failing()), signal)).toBe(code);
  });

  test("is what a fetch gives that throws", async () => {
    const fetch = vi.fn<typeof globalThis.fetch>(() => {
      throw new TypeError("refused");
    });
    expect(await diagnose(asking(fetch), signal)).toBe("server_unreachable");
  });

  test("is waited for five seconds", async () => {
    vi.useFakeTimers();
    const fetch = vi.fn<typeof globalThis.fetch>(
      (_url, init) =>
        new Promise((_resolve, reject) => {
          init?.signal?.addEventListener("abort", () => reject(new Error("aborted")));
        }),
    );
    const diagnosis = diagnose(asking(fetch), signal);
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
    const diagnosis = diagnose(asking(fetch), life.signal);
    life.abort();
    expect(await diagnosis).toBe("server_unreachable");
  });
});

test("without fetch nothing can be found out", async () => {
  expect(await diagnose(asking(undefined), signal)).toBe("transport_error");
});

describe("a diagnostician", () => {
  /** Answers that come when the test says so. */
  function slow() {
    const answers: ((body: string) => void)[] = [];
    const fetch = vi.fn<typeof globalThis.fetch>(
      () => new Promise((resolve) => answers.push((body) => resolve(new Response(body)))),
    );
    const tell = vi.fn();
    return { answers, tell, fetch, diagnostician: new Diagnostician(asking(fetch), tell) };
  }

  test("tells the answer", async () => {
    const { answers, tell, diagnostician } = slow();
    diagnostician.ask();
    answers[0]?.("<p>");
    await turn();
    expect(tell).toHaveBeenCalledExactlyOnceWith("not_socketio");
  });

  test("tells no late answer to an older question", async () => {
    const { answers, tell, fetch, diagnostician } = slow();
    diagnostician.ask();
    diagnostician.ask();
    answers[0]?.("<p>");
    await turn();
    expect(tell).not.toHaveBeenCalled();
    expect(fetch.mock.calls.map(([, init]) => init?.signal?.aborted)).toEqual([true, false]);
    answers[1]?.("0{}");
    await turn();
    expect(tell).toHaveBeenCalledExactlyOnceWith("websocket_blocked");
  });

  test("tells nothing when it has been stopped", async () => {
    const { answers, tell, diagnostician } = slow();
    diagnostician.ask();
    diagnostician.stop();
    answers[0]?.("<p>");
    await turn();
    expect(tell).not.toHaveBeenCalled();
  });
});
