/** The types of everything but events. */
import { describe, expectTypeOf, test } from "vitest";
import {
  type Address,
  type Auth,
  type Client,
  type ClientOptions,
  type ClientStatus,
  createClient,
  type DisconnectReason,
  isSockeyeError,
  type NamespaceClient,
  type Observable,
  type ActionSender,
  type Sender,
  type SockeyeError,
  type SockeyeErrorCode,
  StopReconnecting,
  type StateObservable,
  type Subscription,
} from "../src/index.js";

const client = createClient("https://example.com");

describe("createClient()", () => {
  test("takes a text, a URL, or a function that gives one", () => {
    expectTypeOf(createClient).parameter(0).toEqualTypeOf<Address>();
    expectTypeOf<string>().toExtend<Address>();
    expectTypeOf(() => new URL("https://example.com")).toExtend<Address>();
    expectTypeOf(({ signal }: { signal: AbortSignal }) =>
      fetch("/", { signal }).then((r) => r.text()),
    ).toExtend<Address>();
    expectTypeOf(createClient("https://example.com", {})).toEqualTypeOf<Client>();
  });

  test("takes the documented options, all of them optional", () => {
    const options: Required<ClientOptions> = {
      auth: { token: "t" },
      path: "/socket.io",
      query: { a: "1", b: 2, c: true },
      autoConnect: false,
      authTimeoutMs: 1,
      isAuthExpired: ({ data }) => data === "old",
      identity: "alice",
      namespace: "/jobs",
      reconnect: { minMs: 1, baseMs: 2, capMs: 3, slowAfterMs: 4, slowCapMs: 5 },
      reconnectOn: { serverDisconnect: () => true, refused: ({ data }) => data !== "banned" },
      steadyAfterMs: 1,
      transports: ["websocket", "polling"],
      upgrade: true,
      rememberUpgrade: true,
      withCredentials: true,
      extraHeaders: { "x-api-key": "k" },
      httpTimeoutMs: 1,
      protocols: ["a", "b"],
      timestampParam: "t",
      attachments: { maxCount: 1, maxBytes: 2, timeoutMs: 3 },
      connectTimeoutMs: 1,
      requestTimeoutMs: 1,
      webSocket: WebSocket,
      fetch: globalThis.fetch,
      random: Math.random,
      randomId: () => crypto.randomUUID(),
      trustRecovery: true,
      metricsIntervalMs: 1,
      lifecycle: false,
      worker: () => new Worker("/socket.worker.js", { type: "module" }),
      tabs: "leader",
      dedup: { id: "id", order: (event, { no }: { no: number }) => no, only: ["a"], window: 1 },
      outbox: { maxItems: 1, requireDurable: true, beforeFlush: (items) => items },
    };
    createClient("https://example.com", options);
    expectTypeOf({}).toExtend<ClientOptions>();
  });

  test("refuses other options", () => {
    // @ts-expect-error -- no such option
    createClient("https://example.com", { reconnection: false });
    // @ts-expect-error -- no such transport
    createClient("https://example.com", { transports: ["webtransport"] });
    // @ts-expect-error -- milliseconds are numbers
    createClient("https://example.com", { requestTimeoutMs: "5s" });
    // @ts-expect-error -- a value that no address can hold
    createClient("https://example.com", { query: { a: {} } });
    // @ts-expect-error -- an id is a text or a number
    createClient("https://example.com", { dedup: { id: () => ({}) } });
    // @ts-expect-error -- no address
    createClient();
  });

  test("takes auth in each form", () => {
    expectTypeOf({ token: "t" }).toExtend<Auth>();
    expectTypeOf(() => ({ token: "t" })).toExtend<Auth>();
    expectTypeOf(() => Promise.resolve({ token: "t" })).toExtend<Auth>();
    expectTypeOf(() => undefined).toExtend<Auth>();
    createClient("https://example.com", {
      auth: ({ signal, attempt, reason }) => {
        expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
        expectTypeOf(attempt).toEqualTypeOf<number>();
        expectTypeOf(reason).toEqualTypeOf<"connect" | "expired" | "refresh">();
        throw new StopReconnecting("the account is closed");
      },
    });
    // @ts-expect-error -- not an object
    createClient("https://example.com", { auth: "token" });
  });
});

describe("a client", () => {
  test("has the documented members", () => {
    expectTypeOf(client.name).toEqualTypeOf<string>();
    expectTypeOf(client.connect()).toEqualTypeOf<Promise<void>>();
    expectTypeOf(client.destroy()).toEqualTypeOf<Promise<void>>();
    expectTypeOf(client.on("a")).toExtend<Observable<unknown>>();
    expectTypeOf(client.on("a").subscribe(() => {})).toEqualTypeOf<Subscription>();
    expectTypeOf(client.respond("a", () => 1)).toEqualTypeOf<Subscription>();
    expectTypeOf(client.errors).toEqualTypeOf<Observable<SockeyeError>>();
    expectTypeOf(client.status).toEqualTypeOf<StateObservable<ClientStatus>>();
    expectTypeOf(client.with({})).toEqualTypeOf<ActionSender>();
    expectTypeOf(client.namespace("/a")).toEqualTypeOf<NamespaceClient>();
  });

  test("is a namespace and can send", () => {
    expectTypeOf(client).toExtend<NamespaceClient>();
    expectTypeOf(client).toExtend<Sender>();
  });

  test("does not let its status be set", () => {
    // @ts-expect-error -- read-only
    client.status.value = { state: "connected", recovered: false };
    // @ts-expect-error -- read-only
    client.recovered = true;
  });

  test("sends with the documented options only", () => {
    client.with({ volatile: true, timeoutMs: 5, signal: new AbortController().signal });
    // @ts-expect-error -- no such option
    client.with({ timeout: 5 });
  });
});

describe("the status", () => {
  const status = client.status.value;

  test("has the documented states", () => {
    expectTypeOf(status.state).toEqualTypeOf<
      "idle" | "connecting" | "connected" | "waiting" | "disconnected" | "closed"
    >();
  });

  test("has with each state what belongs to it", () => {
    if (status.state === "waiting") {
      expectTypeOf(status.attempt).toEqualTypeOf<number>();
      expectTypeOf(status.retryAt).toEqualTypeOf<number>();
      expectTypeOf(status.reason).toEqualTypeOf<DisconnectReason | undefined>();
    }
    if (status.state === "disconnected") expectTypeOf(status.cause).toEqualTypeOf<SockeyeError>();
    if (status.state === "connected") {
      expectTypeOf(status.recovered).toEqualTypeOf<boolean>();
      // @ts-expect-error -- not of this state
      expectTypeOf(status.retryAt).toBeNever();
    }
  });

  test("can be subscribed to and iterated over", async () => {
    client.status.subscribe((value) => expectTypeOf(value).toEqualTypeOf<ClientStatus>());
    for await (const value of client.status) expectTypeOf(value).toEqualTypeOf<ClientStatus>();
  });
});

describe("errors", () => {
  test("are recognised", () => {
    const caught: unknown = new Error();
    if (isSockeyeError(caught)) {
      expectTypeOf(caught).toEqualTypeOf<SockeyeError>();
      expectTypeOf(caught.code).toEqualTypeOf<SockeyeErrorCode>();
      expectTypeOf(caught.hint).toEqualTypeOf<string>();
      expectTypeOf(caught.data).toBeUnknown();
    }
    expectTypeOf<SockeyeError>().toExtend<Error>();
  });

  test("have codes of the union", () => {
    expectTypeOf<"ack_timeout">().toExtend<SockeyeErrorCode>();
    expectTypeOf<"timeout">().not.toExtend<SockeyeErrorCode>();
    expectTypeOf<string>().not.toExtend<SockeyeErrorCode>();
  });
});

describe("a stream", () => {
  test("takes a listener or any part of an observer", () => {
    client.status.subscribe({});
    client.status.subscribe({ complete: () => {} }, { signal: undefined });
    // @ts-expect-error -- neither
    client.status.subscribe(5);
  });

  test("is what RxJS takes for an observable", () => {
    interface InteropObservable<Value> {
      "@@observable": () => {
        subscribe(observer: { next?: (value: Value) => void }): { unsubscribe(): void };
      };
    }
    expectTypeOf(client.status).toExtend<InteropObservable<ClientStatus>>();
    expectTypeOf(client.status).toExtend<AsyncIterable<ClientStatus>>();
  });
});
