/** What an application can set, and what becomes of it. */
import { type Address, parseAddress } from "./address.js";
import type { Auth } from "./auth.js";
import { checkCount, checkTimes } from "./checks.js";
import { type DedupOptions, type ResolvedDedup, resolveDedup } from "./dedup.js";
import { toEndpoints } from "./endpoints.js";
import { fail, type SockeyeError } from "./errors.js";
import { toNamespace } from "./namespaceName.js";
import {
  describeStore,
  type OutboxOptions,
  type ResolvedOutbox,
  resolveOutbox,
} from "./outboxOptions.js";
import { isPageOrWorker } from "./page.js";
import { type Policies, type ReconnectOn, resolvePolicies, toCorePolicy } from "./policies.js";
import type { CoreOptions } from "./port.js";
import type { PageScope } from "./ports/pageEvents.js";
import { checkWorker } from "./checkWorker.js";
import { resolveTransports } from "./transports.js";
import type { WorkerFactory } from "./worker/workerFactory.js";

/** What a WebSocket implementation must have: that of browsers, Node and the package `ws` do. */
export type WebSocketConstructor = new (
  url: string,
  protocols?: string | string[],
) => {
  binaryType: string;
  onopen: unknown;
  onmessage: unknown;
  onclose: unknown;
  onerror: unknown;
  /** Sends a message. */
  send(data: string | ArrayBuffer | (ArrayBufferView & { buffer: ArrayBuffer }) | Blob): void;
  /** Closes the connection. */
  close(): void;
};

/** How long to wait between attempts: `min + random(0, min(cap, base · 2ⁿ) − min)`. */
export interface ReconnectOptions {
  /** No wait is shorter, unless `capMs` is. Default 100. */
  minMs?: number | undefined;
  /** The longest first wait. Default 1,000. */
  baseMs?: number | undefined;
  /** The longest wait at all. Default 30,000. */
  capMs?: number | undefined;
  /** After this time in which all attempts have failed they become rare. Default 600,000. */
  slowAfterMs?: number | undefined;
  /** The longest wait then, if it is over `capMs`. Default 300,000. */
  slowCapMs?: number | undefined;
}

/** What a connection can run over. */
export type TransportName = "websocket" | "polling";

/** What a packet from the server may have. One that has more is dropped, and told by `errors`. */
export interface AttachmentOptions {
  /** How many attachments. Default 64, at most 1,000. */
  maxCount?: number | undefined;
  /** How many bytes in all of them. Default 16,000,000, at most 1,000,000,000. */
  maxBytes?: number | undefined;
  /** How long it may take until the last one is there. Default 30,000. */
  timeoutMs?: number | undefined;
}

/** The options of {@link createClient}. */
export interface ClientOptions {
  /** Sent with CONNECT. A function is called before every attempt, so that a token can be fresh. */
  auth?: Auth | undefined;
  /** How long `auth` may take, if it is a function, within the attempt. Default 10,000. */
  authTimeoutMs?: number | undefined;
  /**
   * Tells whether the server has refused a namespace because its token had expired; `auth` is asked
   * again then, once at once. Default: the message, or `data.code`, is `expired` or `token_expired`.
   */
  isAuthExpired?: ((error: SockeyeError) => boolean) | undefined;
  /** The user, in any words. What waits to be sent is never sent as another; see `setIdentity()`. */
  identity?: string | undefined;
  /** The namespace. Default: the path of the address, `/` if that is given by a function. */
  namespace?: string | undefined;
  /** The HTTP path of the server. Default `/socket.io`. */
  path?: string | undefined;
  /** Added to the address of every request. It may show up in logs: put tokens in `auth`. */
  query?: Record<string, string | number | boolean> | undefined;
  /** Connect without being asked. Default true in pages and workers, false elsewhere. */
  autoConnect?: boolean | undefined;
  /**
   * What to connect with, in the order in which it is tried. Default `["websocket", "polling"]`: HTTP
   * long-polling where a WebSocket is blocked.
   */
  transports?: TransportName[] | undefined;
  /** Go from polling to a WebSocket as soon as one opens. Default true. */
  upgrade?: boolean | undefined;
  /** Start with a WebSocket if the last connection ended with one. Default false. */
  rememberUpgrade?: boolean | undefined;
  /** Send cookies to other origins, too, over polling. Default false. */
  withCredentials?: boolean | undefined;
  /** Sent with every HTTP request. Browsers send none with a WebSocket. */
  extraHeaders?: Record<string, string> | undefined;
  /**
   * How long one HTTP request may take: longer than the server's `pingInterval`, for which it holds a
   * request that it has no answer to. Default: as long as its pings keep coming.
   */
  httpTimeoutMs?: number | undefined;
  /** The subprotocols that the WebSocket offers. */
  protocols?: string | string[] | undefined;
  /** The query parameter that makes each HTTP request unlike any other; none if empty. Default `t`. */
  timestampParam?: string | undefined;
  /** Limits of packets with binary attachments. */
  attachments?: AttachmentOptions | undefined;
  /** How long to wait between attempts. */
  reconnect?: ReconnectOptions | undefined;
  /** Whether to come back when the server has sent the client away. */
  reconnectOn?: ReconnectOn | undefined;
  /** How long a state must last before `steadyStatus` has it. Default 300. */
  steadyAfterMs?: number | undefined;
  /** How long an attempt may take. Default 20,000. */
  connectTimeoutMs?: number | undefined;
  /** How long `request` waits for its answer unless told otherwise. Default 10,000. */
  requestTimeoutMs?: number | undefined;
  /** How actions are kept and sent. */
  outbox?: OutboxOptions | undefined;
  /**
   * Take the server's word for it that nothing was missed when it says that it has recovered a connection,
   * unless the ids of events say otherwise. Default false.
   */
  trustRecovery?: boolean | undefined;
  /**
   * How events are known when they come again. Default, and with `false`: only those that the server helper
   * marks are.
   */
  dedup?: DedupOptions | false | undefined;
  /** The WebSocket to use instead of the global one, for Node before 22 and for tests. */
  webSocket?: WebSocketConstructor | undefined;
  /** The `fetch` to use instead of the global one. */
  fetch?: typeof fetch | undefined;
  /**
   * What tells of the life of the page or worker: when it is frozen, left, back, seen, on another network.
   * Default, and with `true`: the page or worker itself. With `false`, and by default elsewhere, nothing does.
   */
  lifecycle?: boolean | PageScope | undefined;
  /**
   * Has the core run in a worker, so that the page's main thread has less to do: `docs/worker.md` says what that
   * changes. Default: in the page.
   */
  worker?: WorkerFactory | undefined;
  /**
   * What tabs have whose `worker` gives a `Worker`. With `"leader"` the worker of one of them has the connection of all, as
   * a `SharedWorker` would; when that tab goes, another one leads. Default `"own"`: each has a connection of its own.
   */
  tabs?: "leader" | "own" | undefined;
  /** How often `client.metrics` tells its subscribers. Default 1,000. */
  metricsIntervalMs?: number | undefined;
  /** Instead of `Math.random`, for tests. */
  random?: (() => number) | undefined;
  /** Makes the ids of actions instead of `crypto.randomUUID`, for tests. */
  randomId?: (() => string) | undefined;
}

/** Options as the rest of the facade uses them. */
export interface ResolvedOptions {
  url: Address;
  namespace: string;
  /** Empty if there is none. */
  identity: string;
  auth: Auth | undefined;
  policies: Policies;
  steadyAfterMs: number;
  /** What belongs to each address. */
  endpoint: Pick<ClientOptions, "path" | "query">;
  autoConnect: boolean;
  requestTimeoutMs: number;
  core: CoreOptions;
  random: () => number;
  randomId: (() => string) | undefined;
  outbox: ResolvedOutbox;
  dedup: ResolvedDedup;
  metricsIntervalMs: number;
  /** Why nothing can be connected here, if so. */
  error: SockeyeError | undefined;
}

/** Checks everything and fills in the defaults. Throws `invalid_url` or `invalid_option`. */
export function resolveOptions(url: Address, options: ClientOptions): ResolvedOptions {
  const { requestTimeoutMs = 10_000, steadyAfterMs = 300, metricsIntervalMs = 1_000 } = options;
  const { random = Math.random } = options;
  checkTimes({ requestTimeoutMs, steadyAfterMs, metricsIntervalMs });
  checkWorker(options);
  const policies = resolvePolicies(options.reconnectOn, options.isAuthExpired);
  const identity = toIdentity(options.identity);
  const dedup = resolveDedup(options.dedup, identity);
  const { namespace, error, ...place } = resolveAddress(url, options);
  const outbox = resolveOutbox(options.outbox, toServer(place.pollingUrl));
  return {
    url,
    namespace: toNamespace(options.namespace ?? namespace),
    identity,
    auth: options.auth,
    policies,
    steadyAfterMs,
    endpoint: { path: options.path, query: { ...options.query } },
    autoConnect: options.autoConnect ?? isPageOrWorker(),
    requestTimeoutMs,
    random,
    randomId: options.randomId,
    outbox,
    dedup,
    metricsIntervalMs,
    error,
    core: {
      ...place,
      ...resolveTransports(options),
      ...resolveAttachments(options.attachments),
      ...resolveReconnection(options),
      ...dedup.core,
      ...{ identity, hasAuth: options.auth !== undefined, store: toKey(outbox), unproved: [] },
      trustRecovery: options.trustRecovery === true,
      onServerDisconnect: toCorePolicy(policies.reconnectOn),
      ...{ onRefused: "ask", lifecycle: options.lifecycle ?? isPageOrWorker() },
      seed: Math.floor(random() * 2 ** 53),
    },
  };
}

/** Names the store of an outbox that may be a worker's. */
function toKey(outbox: ResolvedOutbox): string | undefined {
  const description = describeStore(outbox);
  return description && JSON.stringify(description);
}

/** A function is asked when there is an attempt. */
function resolveAddress(url: Address, options: ClientOptions) {
  if (typeof url === "function") {
    const place = { addressOnDemand: true, webSocketUrl: "", pollingUrl: "" };
    return { ...place, namespace: "/", error: undefined };
  }
  const { address, error } = parseAddress(url);
  const place = { addressOnDemand: false, ...toEndpoints(address, options) };
  return { ...place, namespace: address.pathname, error };
}

/** Host and path, by which servers differ; nobody knows them before a function has given the address. */
function toServer(url: string): string | undefined {
  if (url === "") return undefined;
  const { host, pathname } = new URL(url);
  return host + pathname;
}

/** Returns an identity as the core knows it: empty for none. Throws `invalid_option`. */
export function toIdentity(identity: string | undefined): string {
  if (identity !== undefined && (typeof identity !== "string" || identity === "")) {
    const hint = "give a text that is not empty, or undefined for nobody";
    throw fail("invalid_option", "identity is no text, or empty", hint);
  }
  return identity ?? "";
}

function resolveReconnection({ reconnect = {}, ...times }: ClientOptions) {
  const { connectTimeoutMs = 20_000, authTimeoutMs = 10_000 } = times;
  const { minMs = 100, baseMs = 1_000, capMs = 30_000 } = reconnect;
  const { slowAfterMs = 600_000, slowCapMs = 300_000 } = reconnect;
  checkTimes({ minMs, baseMs, capMs, slowAfterMs, slowCapMs, connectTimeoutMs, authTimeoutMs });
  if (reconnect.minMs !== undefined && minMs > capMs) {
    throw fail("invalid_option", "minMs is over capMs", "raise reconnect.capMs");
  }
  return { connectTimeoutMs, authTimeoutMs, minMs, baseMs, capMs, slowAfterMs, slowCapMs };
}

function resolveAttachments({
  maxCount = 64,
  maxBytes = 16_000_000,
  timeoutMs = 30_000,
}: AttachmentOptions = {}) {
  checkCount("attachments.maxCount", maxCount, 1_000);
  checkCount("attachments.maxBytes", maxBytes, 1_000_000_000);
  checkTimes({ "attachments.timeoutMs": timeoutMs });
  return {
    maxAttachments: maxCount,
    maxAttachmentBytes: maxBytes,
    attachmentTimeoutMs: timeoutMs,
  };
}
