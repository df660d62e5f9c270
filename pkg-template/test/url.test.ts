/** The entry whose wasm is where the application says. */
import { beforeEach, describe, expect, test, vi } from "vitest";
import type * as Core from "../src/core.js";
import type * as Url from "../src/url.js";
import type { WasmSource } from "../src/wasmSource.js";
import { build } from "./support/build.js";
import { sockeyeError, turn } from "./support/setUp.js";

/** A module with nothing in it but the name of its build. */
const moduleOf = (name: string) => {
  const content = ["sockeye".length, ...new TextEncoder().encode(`sockeye${name}`)];
  return Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 0, content.length, ...content);
};
const bytes = moduleOf(build);
const address = "https://cdn.example.com/sockeye.wasm";
const asWasm = { "content-type": "application/wasm" };

/** An answer of a server; `fetch` gives it an address, constructors do not. */
function answer(body: BodyInit, headers: Record<string, string> = asWasm, status = 200): Response {
  const response = new Response(body, { headers, status });
  return Object.defineProperty(response, "url", { value: address });
}

/** Of a load that nobody gives up. */
const { signal } = new AbortController();

/** What clients would have their cores read the module with. */
const readers: Core.ReadWasm[] = [];
/** The scripts never come. */
const fetchModulesFor = async (_: object, fetchWasm: () => Promise<{ read: Core.ReadWasm }>) => {
  readers.push((await fetchWasm()).read);
  return new Promise<never>(() => {});
};
let createClient: typeof Url.createClient;
const warned = vi.fn();
const fetched = vi.fn<typeof fetch>();
const streamed = vi.fn<typeof WebAssembly.compileStreaming>();

beforeEach(async () => {
  vi.resetModules();
  readers.length = 0;
  vi.doMock("../src/shell/fetchModulesFor.js", () => ({ fetchModulesFor }));
  ({ createClient } = await import("../src/url.js"));
  vi.stubGlobal("fetch", fetched);
  vi.stubGlobal("console", { ...console, warn: warned });
  for (const mock of [warned, fetched, streamed]) mock.mockReset();
  streamed.mockImplementation(async (source) =>
    WebAssembly.compile(await (await source).arrayBuffer()),
  );
  vi.spyOn(WebAssembly, "compileStreaming").mockImplementation(streamed);
});

/** Has clients load; returns what the core would read the module with. */
async function readersOf(...sources: WasmSource[]): Promise<Core.ReadWasm[]> {
  readers.length = 0;
  const clients = sources.map((wasm) => createClient("https://example.com", { wasm }));
  for (const client of clients) void client.connect();
  await turn();
  for (const client of clients) await client.destroy();
  return readers;
}

async function load(wasm: WasmSource): Promise<unknown> {
  const [read] = await readersOf(wasm);
  return read?.(signal);
}

describe("createClient()", () => {
  test("asks for nothing before the client first connects or sends", async () => {
    const wasm = vi.fn(() => bytes);
    const client = createClient("https://example.com", { wasm });
    await turn();
    expect(wasm).not.toHaveBeenCalled();
    void client.connect();
    expect(wasm).toHaveBeenCalledOnce();
    await client.destroy();
  });

  test.each([undefined, "", null])("throws at once if `wasm` is %j", (wasm) => {
    const create = () => createClient("https://example.com", { wasm: wasm as unknown as string });
    expect(create).toThrow(sockeyeError("invalid_option"));
  });

  test("throws the same without any options", () => {
    const create = createClient as (url: string) => unknown;
    expect(() => create("https://example.com")).toThrow(sockeyeError("invalid_option"));
  });

  test("gives the client all other options", async () => {
    const client = createClient("https://example.com", { wasm: bytes, identity: "ann" });
    expect(client.identity).toBe("ann");
    await client.destroy();
  });
});

describe("the module", () => {
  const given: [string, () => WasmSource][] = [
    ["an address", () => address],
    ["a URL", () => new URL(address)],
    ["an answer", () => answer(bytes)],
    ["a promise of an answer", () => Promise.resolve(answer(bytes))],
    ["bytes", () => bytes.buffer],
    ["a view", () => new Uint8Array([1, ...bytes]).subarray(1)],
    ["a module", () => new WebAssembly.Module(bytes)],
    ["a function", () => () => address],
    ["a function that promises", () => () => Promise.resolve(bytes)],
  ];

  test.each(given)("can be given as %s", async (_, source) => {
    fetched.mockImplementation(() => Promise.resolve(answer(bytes)));
    const module = await load(source());
    expect(module).toBeInstanceOf(WebAssembly.Module);
    expect(warned).not.toHaveBeenCalled();
  });

  test("is compiled while it comes", async () => {
    const response = answer(bytes);
    fetched.mockResolvedValueOnce(response);
    await load(address);
    expect(streamed).toHaveBeenCalledExactlyOnceWith(response);
  });

  test("is fetched once for all clients, also of other places", async () => {
    fetched.mockImplementation(() => Promise.resolve(answer(bytes)));
    const [read] = await readersOf(address, new URL(address));
    const module = await read?.(signal);
    expect(await load(() => Promise.reject(new Error("not asked")))).toBe(module);
    expect(fetched).toHaveBeenCalledOnce();
  });

  test("is asked for again when it could not be had", async () => {
    const wasm = vi.fn(() => answer("missing", {}, 404));
    const [read] = await readersOf(wasm);
    await turn();
    await expect(read?.(signal)).rejects.toEqual(sockeyeError("load_failed"));
    expect(wasm).toHaveBeenCalledOnce(); // before the scripts were there
    wasm.mockImplementation(() => answer(bytes));
    await expect(read?.(signal)).resolves.toBeInstanceOf(WebAssembly.Module);
  });

  test("is compiled afterwards, with one line in the console, if the server does not say what it is", async () => {
    const plain = { "content-type": "text/plain" };
    fetched.mockImplementation(() => Promise.resolve(answer(moduleOf("other"), plain)));
    await expect(load(address)).rejects.toEqual(sockeyeError("load_failed"));
    fetched.mockImplementation(() => Promise.resolve(answer(bytes, plain)));
    await load(address);
    expect(streamed).not.toHaveBeenCalled();
    expect(warned).toHaveBeenCalledOnce();
    expect(warned).toHaveBeenCalledWith(expect.stringMatching(/sockeye\.wasm came as text\/plain/));
  });

  test("needs no compileStreaming", async () => {
    const others = Object.getOwnPropertyDescriptors(WebAssembly);
    Reflect.deleteProperty(others, "compileStreaming");
    vi.stubGlobal("WebAssembly", Object.defineProperties({}, others));
    fetched.mockResolvedValueOnce(answer(bytes));
    expect(await load(address)).toBeInstanceOf(WebAssembly.Module);
    expect(streamed).not.toHaveBeenCalled();
  });
});

describe("a module that does not come", () => {
  const hangs = () => new Promise<never>(() => {});
  const fetchSignals = () => fetched.mock.calls.map(([, init]) => init?.signal?.aborted);

  /** The reader of a client that goes on; its shell has fetched the scripts. */
  async function readerOf(wasm: WasmSource, connectTimeoutMs = 20_000) {
    readers.length = 0;
    const client = createClient("https://example.com", { wasm, connectTimeoutMs });
    void client.connect();
    await turn();
    return { client, read: readers[0] as Core.ReadWasm };
  }

  test.each([
    ["an address", address],
    ["a function", () => fetch(address)],
  ])("is asked for again when a load is given up, from %s", async (_, wasm) => {
    fetched.mockImplementationOnce(hangs).mockResolvedValueOnce(answer(bytes));
    const { client, read } = await readerOf(wasm);
    const load = new AbortController();
    void read(load.signal);
    load.abort();
    await expect(read(signal)).resolves.toBeInstanceOf(WebAssembly.Module);
    expect(fetched).toHaveBeenCalledTimes(2);
    await client.destroy();
  });

  test("is fetched no more when the load that the scripts began is given up", async () => {
    fetched.mockImplementation(hangs);
    const { client, read } = await readerOf(address);
    const load = new AbortController();
    void read(load.signal);
    expect(fetchSignals()).toEqual([false]);
    load.abort();
    expect(fetchSignals()).toEqual([true]);
    const next = new AbortController();
    void read(next.signal);
    await turn();
    expect(fetchSignals()).toEqual([true, false]);
    next.abort();
    expect(fetchSignals()).toEqual([true, true]);
    await client.destroy();
  });

  test("goes on being fetched for other clients", async () => {
    fetched.mockImplementation(hangs);
    const [one, other] = [await readerOf(address), await readerOf(address)];
    await one.client.destroy();
    expect(fetchSignals()).toEqual([false]);
    await other.client.destroy();
    expect(fetchSignals()).toEqual([true]);
  });

  test("is asked for again with the scripts, when these take too long", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    fetched.mockImplementation(hangs);
    const { client } = await readerOf(address, 500);
    await vi.advanceTimersByTimeAsync(500);
    expect(fetchSignals()).toEqual([true]);
    expect(client.status.value.state).toBe("waiting");
    client.reconnectNow();
    await turn();
    expect(fetchSignals()).toEqual([true, false]);
    await client.destroy();
    vi.useRealTimers();
  });
});

describe("load_failed says what came in place of the module:", () => {
  const html = { "content-type": "text/html; charset=utf-8" };
  const page = "<!doctype html><title>Orders</title>";
  const used = answer(bytes);
  void used.arrayBuffer();
  const cases: [string, () => WasmSource, RegExp, RegExp][] = [
    ["404", () => answer("", {}, 404), /has the status 404/, /sockeye-client\/sockeye\.wasm/],
    ["the page of a route", () => answer(page, html), /is an HTML page/, /not with a page/],
    ["a page that is said to be wasm", () => answer(page), /is something else/, /not with a page/],
    [
      "a page as bytes",
      () => new TextEncoder().encode(page),
      /what `wasm` gave is something/,
      /file/,
    ],
    ["an answer that was read", () => used, /read before/, /function/],
    ["another version's", () => moduleOf("fedcba9876543210"), /not that of this/, /together/],
    ["some other module", () => moduleOf("").subarray(0, 8), /not that of this/, /together/],
    ["a number", () => () => 5, /none of/, /WebAssembly\.Module/],
    ["nothing", () => () => undefined, /none of/, /Response/],
    ["an error", () => () => Promise.reject(new Error("no")), /`wasm` failed/, /`cause`/],
  ];

  test.each(cases)("%s", async (_, wasm, message, hint) => {
    const error = await load(wasm()).catch((error: unknown) => error);
    expect(error).toEqual(sockeyeError("load_failed"));
    expect(error).toMatchObject({
      message: expect.stringMatching(message) as unknown,
      hint: expect.stringMatching(hint) as unknown,
    });
  });

  test("nothing, because of the network, the policy or CORS", async () => {
    const cause = new TypeError("Failed to fetch");
    fetched.mockRejectedValue(cause);
    const error = await load(address).catch((error: unknown) => error);
    expect(error).toEqual(sockeyeError("load_failed", { cause }));
    expect(error).toMatchObject({ hint: expect.stringMatching(/connect-src/) as unknown });
  });

  test.each([asWasm, {}])("a part of it (%j)", async (headers) => {
    const cause = new TypeError("network error");
    const broken = () => new ReadableStream({ pull: (stream) => stream.error(cause) });
    fetched.mockImplementation(() => Promise.resolve(answer(broken(), headers as typeof asWasm)));
    const error = await load(address).catch((error: unknown) => error);
    expect(error).toEqual(sockeyeError("load_failed", { cause }));
    expect(error).toMatchObject({ message: expect.stringMatching(/broke off/) as unknown });
  });
});

describe("where WebAssembly does not run", () => {
  const blocked = new WebAssembly.CompileError("blocked by CSP");

  test.each([
    ["an address", address],
    ["bytes", bytes],
  ])("that is told of %s, and not that the module is wrong", async (_, wasm) => {
    fetched.mockImplementation(() => Promise.resolve(answer(bytes)));
    streamed.mockRejectedValue(blocked);
    vi.spyOn(WebAssembly, "compile").mockRejectedValue(blocked);
    await expect(load(wasm)).rejects.toBe(blocked);
  });

  test("because there is none", async () => {
    vi.stubGlobal("WebAssembly", undefined);
    await expect(load(bytes)).rejects.toThrow(/WebAssembly|undefined/);
  });
});
