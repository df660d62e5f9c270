import { beforeEach, describe, expect, test, vi } from "vitest";
import type { ReadWasm } from "../src/core.js";
import { fail } from "../src/errors.js";
import { read as readPayload } from "../src/payload.js";
import type { SocketNames } from "../src/figuresCore.js";
import type { CoreEvents, CoreOptions } from "../src/port.js";
import type { Carrier } from "../src/wasm/glue.js";
import type * as Glue from "./support/glue.js";
import { bytes } from "./support/payload.js";
import { sockeyeError, turn } from "./support/setUp.js";

const options: CoreOptions = {
  webSocketUrl: "wss://example.com/socket.io/",
  pollingUrl: "https://example.com/socket.io/",
  webSocket: undefined,
  fetch: undefined,
  connectTimeoutMs: 1,
  minMs: 2,
  baseMs: 3,
  capMs: 4,
  seed: 5,
  trustRecovery: false,
  transports: ["websocket", "polling"],
  upgrade: true,
  rememberUpgrade: false,
  withCredentials: false,
  requestTimeoutMs: 0,
  timestampParam: "t",
  webSocketTimestampParam: "",
  forceBase64: false,
  binaryType: "arraybuffer",
  maxAttachments: 6,
  maxAttachmentBytes: 7,
  attachmentTimeoutMs: 8,
  authTimeoutMs: 9,
  slowAfterMs: 10,
  slowCapMs: 11,
  addressOnDemand: false,
  onServerDisconnect: "never",
  onRefused: "ask",
  dedupWindow: 9,
  dedupTtlMs: 10,
  dedupStreams: 11,
  readers: {},
  countUnheard: false,
  keepPositions: true,
  positions: {},
  identity: "",
  hasAuth: false,
  store: undefined,
  unproved: [],
};

const listeners = () => ({
  delivered: vi.fn<CoreEvents["delivered"]>(() => true),
  settled: vi.fn<CoreEvents["settled"]>(),
  authNeeded: vi.fn<CoreEvents["authNeeded"]>(),
  addressNeeded: vi.fn<CoreEvents["addressNeeded"]>(),
  verdictNeeded: vi.fn<CoreEvents["verdictNeeded"]>(),
  accepted: vi.fn<CoreEvents["accepted"]>(),
  refused: vi.fn<CoreEvents["refused"]>(),
  dropped: vi.fn<CoreEvents["dropped"]>(),
  reported: vi.fn<CoreEvents["reported"]>(),
  failed: vi.fn<CoreEvents["failed"]>(),
  status: vi.fn<CoreEvents["status"]>(),
  store: vi.fn<CoreEvents["store"]>(),
  action: vi.fn<CoreEvents["action"]>(),
  cancelRefused: vi.fn<CoreEvents["cancelRefused"]>(),
  forgotten: vi.fn<CoreEvents["forgotten"]>(),
  flushAsked: vi.fn<CoreEvents["flushAsked"]>(),
  prologueNeeded: vi.fn<CoreEvents["prologueNeeded"]>(),
  continuity: vi.fn<CoreEvents["continuity"]>(),
  gapHookNeeded: vi.fn<CoreEvents["gapHookNeeded"]>(),
  topic: vi.fn<CoreEvents["topic"]>(),
  confirming: vi.fn<CoreEvents["confirming"]>(),
  readerFailed: vi.fn<CoreEvents["readerFailed"]>(),
  coreFailed: vi.fn<CoreEvents["coreFailed"]>(),
});

/** Of a load that nobody gives up. */
const { signal } = new AbortController();

let glue: typeof Glue;
beforeEach(async () => {
  vi.resetModules();
  glue = await import("./support/glue.js");
});

/** A core of a module that has not been instantiated yet. */
async function make(overrides: Partial<CoreOptions> = {}) {
  const { createCore } = await import("../src/core.js");
  const events = listeners();
  const port = await createCore({ ...options, ...overrides }, events, signal, readPayload);
  const manager = glue.Client.made.at(-1);
  if (!manager) throw new Error("no manager was made");
  return { port, events, manager, createCore };
}

const described = (code: string): unknown =>
  expect.objectContaining({
    code,
    message: expect.stringMatching(/ /) as unknown,
    hint: expect.stringMatching(/ /) as unknown,
  });

describe("createCore()", () => {
  test("instantiates the module once for all clients", async () => {
    const { createCore } = await make();
    await createCore(options, listeners(), signal, readPayload);
    expect(glue.initialize).toHaveBeenCalledExactlyOnceWith({ module_or_path: bytes });
    expect(glue.Client.made).toHaveLength(2);
  });

  test("gives the manager the options and itself to report to", async () => {
    const { manager } = await make();
    expect(manager.options).toMatchObject(options);
    expect(manager.calls).toEqual([["reportTo", manager]]);
  });

  test("rejects where WebAssembly is forbidden, and may succeed later", async () => {
    const { createCore } = await import("../src/core.js");
    const cause = new WebAssembly.CompileError("blocked by CSP");
    glue.initialize.mockRejectedValueOnce(cause);
    await expect(createCore(options, listeners(), signal, readPayload)).rejects.toMatchObject({
      ...(described("wasm_unavailable") as { sample: object }).sample,
      cause,
    });
    await expect(createCore(options, listeners(), signal, readPayload)).resolves.toBeDefined();
  });
});

describe("the module", () => {
  const compiled = new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
  const notThere = fail("load_failed", "nothing came", "serve it");

  test("of one place serves clients that have it from another", async () => {
    const { createCore } = await make();
    const read = vi.fn<ReadWasm>();
    await createCore(options, listeners(), signal, read);
    expect(read).not.toHaveBeenCalled();
    expect(glue.initialize).toHaveBeenCalledOnce();
  });

  test("is read from a client's own place when another place has failed", async () => {
    const { createCore } = await import("../src/core.js");
    const failing = createCore(options, listeners(), signal, () => Promise.reject(notThere));
    const working = createCore(options, listeners(), signal, () => Promise.resolve(compiled));
    await expect(failing).rejects.toBe(notThere);
    await expect(working).resolves.toBeDefined();
    expect(glue.initialize).toHaveBeenCalledExactlyOnceWith({ module_or_path: compiled });
  });

  test("that is not there is no lack of WebAssembly, and is read again", async () => {
    const { createCore } = await import("../src/core.js");
    const read = vi.fn<ReadWasm>().mockRejectedValueOnce(notThere).mockResolvedValueOnce(compiled);
    await expect(createCore(options, listeners(), signal, read)).rejects.toBe(notThere);
    await expect(createCore(options, listeners(), signal, read)).resolves.toBeDefined();
  });

  test("is read and instantiated once for clients that begin together", async () => {
    const { createCore } = await import("../src/core.js");
    const read = vi.fn<ReadWasm>(() => Promise.resolve(compiled));
    const begin = () => createCore(options, listeners(), signal, read);
    await Promise.all([begin(), begin()]);
    expect(read).toHaveBeenCalledOnce();
    expect(glue.initialize).toHaveBeenCalledOnce();
  });

  test("that does not come from one place keeps no client waiting that has it from another", async () => {
    const { createCore } = await import("../src/core.js");
    void createCore(options, listeners(), signal, () => new Promise(() => {}));
    const other = createCore(options, listeners(), signal, () => Promise.resolve(compiled));
    await expect(other).resolves.toBeDefined();
  });

  test("that does not come is read anew by who asks after a client has given up, and ends when all have", async () => {
    const { createCore } = await import("../src/core.js");
    const begin = (read: ReadWasm) => {
      const load = new AbortController();
      return { load, core: createCore(options, listeners(), load.signal, read) };
    };
    let given = signal;
    const read = vi.fn<ReadWasm>();
    read.mockImplementationOnce((ended) => new Promise(() => (given = ended)));
    read.mockResolvedValueOnce(compiled);
    const [first, second] = [begin(read), begin(read)];
    first.load.abort();
    expect(given.aborted).toBe(false);
    await expect(begin(read).core).resolves.toBeDefined();
    expect(read).toHaveBeenCalledTimes(2);
    second.load.abort();
    expect(given.aborted).toBe(true);
  });

  test("whose start never ends is started anew by who asks after the client has given up", async () => {
    const { createCore } = await import("../src/core.js");
    const load = new AbortController();
    glue.initialize.mockReturnValueOnce(new Promise(() => {}));
    void createCore(options, listeners(), load.signal, readPayload);
    await vi.waitUntil(() => glue.initialize.mock.calls.length === 1);
    load.abort();
    await expect(createCore(options, listeners(), signal, readPayload)).resolves.toBeDefined();
  });
});

describe("loadCore()", () => {
  test("gives the exports of the instance that all clients share", async () => {
    await make();
    const { loadCore } = await import("../src/core.js");
    const { Engine, Decoder } = glue;
    const core = await loadCore(readPayload);
    expect(core.Decoder).toBe(Decoder);
    expect(core.Engine.prototype).toBeInstanceOf(Engine);
    expect(glue.initialize).toHaveBeenCalledOnce();
  });
});

describe("the page", () => {
  test("tells the manager of its life until that is destroyed", async () => {
    const page = new EventTarget();
    const { port, manager } = await make({ lifecycle: page });
    manager.calls.length = 0;
    page.dispatchEvent(new Event("pagehide"));
    page.dispatchEvent(new Event("online"));
    expect(manager.calls).toEqual([
      ["suspend", false],
      ["resume", 0],
    ]);
    port.destroy();
    manager.calls.length = 0;
    page.dispatchEvent(new Event("pagehide"));
    expect(manager.calls).toEqual([]);
  });

  test("is the one that the client is in, if it is to be", async () => {
    const listen = vi.fn<typeof addEventListener>();
    vi.stubGlobal("addEventListener", listen);
    vi.stubGlobal("removeEventListener", () => {});
    await make({ lifecycle: false });
    expect(listen).not.toHaveBeenCalled();
    const { port } = await make({ lifecycle: true });
    expect(listen).toHaveBeenCalledWith("pagehide", expect.any(Function));
    port.destroy();
    vi.unstubAllGlobals();
  });
});

describe("the port", () => {
  test("passes calls on to the manager", async () => {
    const { port, manager } = await make();
    manager.calls.length = 0;
    port.socket("/a", true);
    port.connect(0);
    port.disconnect(0);
    port.reconnectNow();
    port.authenticate(0, 1, "{}");
    port.failAuthentication(0, 1);
    port.stopAuthentication(0, 2);
    port.refreshAuth(0);
    port.failAddress(3);
    port.judge(0, 4, "retry", 5);
    port.setIdentity("alice");
    port.discardQueue();
    const attachments = [new ArrayBuffer(1)];
    expect(port.emit(0, '["a"]', attachments, true)).toBeUndefined();
    expect(port.request(0, 2, '["a"]', attachments, 3)).toBeUndefined();
    port.cancel(0, 2);
    port.acknowledge(0, 1, 4, "[]", attachments);
    expect(manager.calls).toEqual([
      ["socket", "/a", true],
      ["connect", 0],
      ["disconnect", 0],
      ["reconnectNow"],
      ["authenticate", 0, 1, "{}"],
      ["failAuthentication", 0, 1],
      ["stopAuthentication", 0, 2],
      ["refreshAuth", 0],
      ["failAddress", 3],
      ["judge", 0, 4, "retry", 5],
      ["setIdentity", "alice"],
      ["discardQueue"],
      ["emit", 0, '["a"]', attachments, true],
      ["request", 0, 2, '["a"]', attachments, 3],
      ["cancel", 0, 2],
      ["acknowledge", 0, 1, 4, "[]", attachments],
    ]);
  });

  test("asks the manager only for what the transport does not send itself", async () => {
    const { port, manager } = await make();
    manager.calls.length = 0;
    const emit = vi.fn<Carrier["emit"]>().mockReturnValueOnce(true).mockReturnValue(false);
    const request = vi.fn<Carrier["request"]>().mockReturnValueOnce(true).mockReturnValue(false);
    Object.assign(manager.options, { carrier: { emit, request } });
    const attachments = [new ArrayBuffer(1)];
    for (const body of ["[1]", "[2]"]) {
      expect(port.emit(0, body, attachments, true)).toBeUndefined();
      expect(port.request(0, 5, body, undefined, 3)).toBeUndefined();
    }
    expect(emit.mock.calls).toEqual([
      [0, "[1]", attachments],
      [0, "[2]", attachments],
    ]);
    expect(request.mock.calls).toEqual([
      [0, 5, "[1]", undefined, 3],
      [0, 5, "[2]", undefined, 3],
    ]);
    expect(manager.calls).toEqual([
      ["emit", 0, "[2]", attachments, true],
      ["request", 0, 5, "[2]", undefined, 3],
    ]);
  });

  test("tells the transports what stands before the packets of a namespace", async () => {
    const { port, manager } = await make();
    for (const name of ["/", "/a"]) port.socket(name, false);
    const { sockets, addresses } = manager.options.names as unknown as SocketNames;
    expect(["/", "/a"].map((name) => addresses[sockets.get(name) ?? -1])).toEqual(["", "/a,"]);
  });

  test("lets the transports know the address before the attempt goes on", async () => {
    const { port, manager } = await make();
    manager.calls.length = 0;
    port.useAddress(3, "wss://b.example/", "https://b.example/");
    expect(manager.calls).toEqual([["useAddress", 3]]);
    expect(manager.options).toMatchObject({
      webSocketUrl: "wss://b.example/",
      pollingUrl: "https://b.example/",
    });
  });

  test("describes what the manager refuses", async () => {
    const { port, manager } = await make();
    manager.code = "buffer_full";
    expect(port.emit(0, "[]", undefined, false)).toEqual(described("buffer_full"));
    manager.code = "too_many_requests";
    expect(port.request(0, 0, "[]", undefined, 1)).toEqual(described("too_many_requests"));
  });

  test("keeps the names that the transport looks up", async () => {
    const { port, manager } = await make();
    port.listen("a", 3);
    port.listen("b", 4);
    port.unlisten("a");
    expect([...manager.options.names]).toEqual([["b", 4]]);
  });

  test("keeps the number that stands for all other names", async () => {
    const { port, manager } = await make();
    expect(manager.options.names.any).toBeUndefined();
    port.listenAny(5);
    expect(manager.options.names.any).toBe(5);
    port.unlistenAny();
    expect(manager.options.names.any).toBeUndefined();
  });

  test("frees the manager only when nothing of it is on the stack", async () => {
    const { port, manager } = await make();
    manager.calls.length = 0;
    port.destroy();
    expect(manager.calls).toEqual([["destroy"]]);
    await turn();
    expect(manager.calls).toEqual([["destroy"], ["free"]]);
  });
});

describe("de-duplication", () => {
  /** What the transport reads events with. */
  const readersOf = ({ options }: Glue.Client) => options.names.identity ?? {};

  test("reads nothing from events unless it is asked to", async () => {
    const { manager } = await make();
    const { id, stream, order, ...rest } = readersOf(manager);
    expect([id, stream, order]).toEqual([undefined, undefined, undefined]);
    expect(rest).toEqual({ seeds: [5, 0], stamps: false });
  });

  test("reads what the paths name, of own fields only", async () => {
    const paths = { id: "id", stream: "meta.room", order: "meta.no.0" };
    const { id, stream, order } = readersOf((await make({ readers: paths })).manager);
    const args = ["a", { id: 1, meta: { room: "r", no: [7] } }, { id: 2 }];
    expect([id?.(args), stream?.(args), order?.(args)]).toEqual([1, "r", 7]);
    for (const strange of [undefined, null, 5, "id", [], { meta: "text" }, { meta: null }]) {
      const none = ["a", strange];
      expect([id?.(none), stream?.(none), order?.(none)]).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
    }
    const readers = { id: "__proto__.id", stream: "constructor.name", order: "length" };
    const inherited = readersOf((await make({ readers })).manager);
    for (const read of [inherited.id, inherited.stream]) expect(read?.(args)).toBeUndefined();
    expect(inherited.id?.(["a", JSON.parse('{"__proto__":{"id":3}}')])).toBe(3);
  });

  test("reads events of the given names only", async () => {
    const readers = { id: "id", order: "no", only: ["a", "b"] };
    const { id, order } = readersOf((await make({ readers })).manager);
    const read = (name: string) => [
      id?.([name, { id: 1, no: 2 }]),
      order?.([name, { id: 1, no: 2 }]),
    ];
    expect([read("a"), read("b"), read("c")]).toEqual([
      [1, 2],
      [1, 2],
      [undefined, undefined],
    ]);
  });

  test("reads numbers without ids", async () => {
    const { id, order } = readersOf((await make({ readers: { order: "no" } })).manager);
    expect([id?.(["a", { no: 2 }]), order?.(["a", { no: 2 }])]).toEqual([undefined, 2]);
  });

  test("asks a function of the application, and tells once what it throws", async () => {
    const cause = new Error("no id");
    const read = vi.fn((event: string, first: { id?: string }, second: string) => {
      if (!first.id) throw cause;
      return `${event}/${first.id}/${second}`;
    });
    const { manager, events } = await make({ readers: { id: read } });
    const { id } = readersOf(manager);
    expect(id?.(["a", { id: "1" }, "x"])).toBe("a/1/x");
    for (let time = 0; time < 3; time++) expect(id?.(["a", {}, "x"])).toBeUndefined();
    expect(events.readerFailed).not.toHaveBeenCalled();
    await turn();
    expect(events.readerFailed).toHaveBeenCalledExactlyOnceWith(cause);
  });

  test("survives a function that uses the client, which the core would not", async () => {
    const emit = vi.fn<() => unknown>();
    const { manager, port, events } = await make({ readers: { id: () => void emit() } });
    const { id } = readersOf(manager);
    manager.calls.length = 0;
    emit.mockImplementation(() => port.emit(0, "[]", undefined, false));
    expect(id?.(["a"])).toBeUndefined();
    await turn();
    expect(events.readerFailed).toHaveBeenCalledExactlyOnceWith(sockeyeError("invalid_option"));
    expect(manager.calls).toEqual([]);
    emit.mockImplementation(() => port.destroy());
    id?.(["a"]);
    expect(manager.calls).toEqual([]);
    await turn();
    expect(manager.calls).toEqual([["destroy"], ["free"]]);
  });

  test("leaves the port as it is without functions", async () => {
    const { port, manager } = await make({ readers: { id: "id" } });
    manager.calls.length = 0;
    port.emit(0, "[]", undefined, true);
    expect(manager.calls).toEqual([["emit", 0, "[]", undefined, true]]);
  });

  test("hears that a listener failed, while it is told", async () => {
    const { manager, events } = await make();
    manager.calls.length = 0;
    manager.events["delivered"]?.(0, 3, ["a"], 7, -1);
    expect(manager.calls).toEqual([]);
    events.delivered.mockReturnValue(false);
    manager.events["delivered"]?.(0, 3, ["a"], 7, -1);
    expect(manager.calls).toEqual([["handleFailure"]]);
  });

  test("continues the positions of a namespace before it is connected", async () => {
    const positions = { "/a": [["s", "e", 3] as const] };
    const { manager, port } = await make({ positions });
    manager.calls.length = 0;
    for (const namespace of ["/", "/a", "/toString"]) port.socket(namespace, false);
    expect(manager.calls.filter(([method]) => method !== "socket")).toEqual([
      ["restorePositions", 1, [["s", "e", 3]]],
    ]);
  });

  test("says what has been counted and delivered", async () => {
    const { port } = await make();
    const counted = { identified: 4, duplicates: 3, evicted: 2, evictedStreams: 1 };
    expect(port.dedupStatistics(0)).toEqual(counted);
    expect(port.positions(0)).toEqual([["s", "e", 3]]);
  });
});

describe("what the manager says", () => {
  test("is passed on", async () => {
    const { manager, events } = await make();
    const args = ["a", 1];
    manager.events["delivered"]?.(0, 3, args, 7, -1);
    manager.events["authNeeded"]?.(0, 7, 2, "expired");
    manager.events["addressNeeded"]?.(8, 3);
    manager.events["verdictNeeded"]?.(0, 9, "connect_refused");
    manager.events["refused"]?.(0, { message: "no" });
    expect(events.delivered).toHaveBeenCalledExactlyOnceWith(0, 3, args, 7, -1);
    expect(events.authNeeded).toHaveBeenCalledExactlyOnceWith(0, 7, 2, "expired");
    expect(events.addressNeeded).toHaveBeenCalledExactlyOnceWith(8, 3);
    const cause = described("connect_refused");
    expect(events.verdictNeeded).toHaveBeenCalledExactlyOnceWith(0, 9, cause);
    expect(events.refused).toHaveBeenCalledExactlyOnceWith(0, { message: "no" });
  });

  test("of a connection or a dropped packet is passed on, the latter described", async () => {
    const { manager, events } = await make();
    manager.events["accepted"]?.(0, "x", true);
    manager.events["dropped"]?.(0, "attachments_exceeded", "too many bytes");
    expect(events.accepted).toHaveBeenCalledExactlyOnceWith(0, "x", true);
    expect(events.dropped).toHaveBeenCalledExactlyOnceWith(described("attachments_exceeded"));
    expect(events.dropped.mock.calls[0]?.[0].message).toMatch(/: too many bytes$/);
  });

  test("of a request becomes an answer or an error", async () => {
    const { manager, events } = await make();
    manager.events["settled"]?.(1, "", [1, 2]);
    manager.events["settled"]?.(2, "ack_timeout", undefined);
    expect(events.settled.mock.calls).toEqual([
      [1, undefined, [1, 2]],
      [2, described("ack_timeout"), []],
    ]);
  });

  test("of a status has a described cause, or none", async () => {
    const { manager, events } = await make();
    manager.events["status"]?.(0, "connected", 0, 0, "", "", false);
    manager.events["status"]?.(1, "waiting", 2, 150, "parse_error", "namespace", true);
    expect(events.status.mock.calls).toEqual([
      [0, "connected", 0, 0, undefined, false],
      [1, "waiting", 2, 150, described("parse_error"), true],
    ]);
    expect(events.status.mock.calls[1]?.[4]?.message).toMatch(/: namespace$/);
  });
});

describe("an answer that says when to come back", () => {
  const busy = () =>
    Promise.resolve(new Response("", { status: 503, headers: { "retry-after": "7" } }));

  test("puts the next attempt off, whoever asked", async () => {
    const { manager } = await make({ fetch: busy });
    const { fetch } = manager.options as { fetch?: typeof globalThis.fetch };
    await fetch?.("https://example.com");
    expect(manager.calls.at(-1)).toEqual(["postpone", 7_000]);
    manager.calls.length = 0;
    manager.events["diagnose"]?.();
    await turn();
    expect(manager.calls).toEqual([
      ["postpone", 7_000],
      ["handleDiagnosis", "server_unreachable"],
    ]);
  });

  test("is nothing to a manager that is destroyed", async () => {
    const { port, manager } = await make({ fetch: busy });
    const { fetch } = manager.options as { fetch?: typeof globalThis.fetch };
    port.destroy();
    await fetch?.("https://example.com");
    expect(manager.calls.map(([name]) => name)).not.toContain("postpone");
  });
});

describe("a diagnosis", () => {
  const fetch = () => vi.fn(() => Promise.reject(new TypeError("Failed to fetch")));

  test("is made when the manager asks for it", async () => {
    const { manager } = await make({ fetch: fetch() });
    manager.events["diagnose"]?.();
    await turn();
    expect(manager.calls.at(-1)).toEqual(["handleDiagnosis", "server_unreachable"]);
  });

  test("that comes after the end is kept from the manager", async () => {
    const { manager, port } = await make({ fetch: fetch() });
    manager.events["diagnose"]?.();
    port.destroy();
    await turn();
    expect(manager.calls.map(([method]) => method)).not.toContain("handleDiagnosis");
  });
});
