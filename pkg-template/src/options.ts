/** What an application can set, and what becomes of it. */
import { fail } from "./errors.js";
import type { CoreOptions } from "./port.js";

/** The auth payload of a namespace, or where to get it. */
export type Auth = object | (() => object | undefined | Promise<object | undefined>);

/** How long to wait between attempts: `min + random(0, min(cap, base · 2ⁿ) − min)`. */
export interface ReconnectOptions {
  /** No wait is shorter. Default 100. */
  minMs?: number;
  /** The longest first wait. Default 1,000. */
  baseMs?: number;
  /** The longest wait at all. Default 30,000. */
  capMs?: number;
}

/** The options of {@link createClient}. */
export interface ClientOptions {
  /** Sent with CONNECT. A function is called before every attempt, so that a token can be fresh. */
  auth?: Auth;
  /** The HTTP path of the server. Default `/socket.io`. */
  path?: string;
  /** Added to the address of every request. It may show up in logs: put tokens in `auth`. */
  query?: Record<string, string | number | boolean>;
  /** Connect without being asked. Default true in pages and workers, false elsewhere. */
  autoConnect?: boolean;
  reconnect?: ReconnectOptions;
  /** How long an attempt may take. Default 20,000. */
  connectTimeoutMs?: number;
  /** How long `request` waits for its answer unless told otherwise. Default 10,000. */
  requestTimeoutMs?: number;
  /** The WebSocket to use instead of the global one, for Node before 22 and for tests. */
  webSocket?: typeof WebSocket;
  /** The `fetch` to use instead of the global one. */
  fetch?: typeof fetch;
  /** Instead of `Math.random`, for tests. */
  random?: () => number;
}

/** Options as the rest of the facade uses them. */
export interface ResolvedOptions {
  namespace: string;
  auth: Auth | undefined;
  autoConnect: boolean;
  requestTimeoutMs: number;
  core: CoreOptions;
}

/** What a timer can wait at most. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Checks everything and fills in the defaults. Throws `invalid_url` or `invalid_option`. */
export function resolveOptions(url: string | URL, options: ClientOptions): ResolvedOptions {
  const address = parseUrl(url);
  const { minMs = 100, baseMs = 1_000, capMs = 30_000 } = options.reconnect ?? {};
  const { connectTimeoutMs = 20_000, requestTimeoutMs = 10_000 } = options;
  checkTimes({ minMs, baseMs, capMs, connectTimeoutMs, requestTimeoutMs });
  if (options.reconnect?.minMs !== undefined && minMs > capMs) {
    throw fail("invalid_option", "minMs is over capMs", "raise reconnect.capMs");
  }
  const random = options.random ?? Math.random;
  return {
    namespace: toNamespace(address.pathname),
    auth: options.auth,
    autoConnect: options.autoConnect ?? isPageOrWorker(),
    requestTimeoutMs,
    core: {
      webSocketUrl: endpoint(address, options, "websocket"),
      pollingUrl: endpoint(address, options, "polling"),
      webSocket: options.webSocket ?? globalThis.WebSocket,
      fetch: options.fetch ?? (globalThis as Partial<typeof globalThis>).fetch?.bind(globalThis),
      connectTimeoutMs,
      minMs,
      baseMs,
      capMs,
      seed: Math.floor(random() * 2 ** 53),
    },
  };
}

/** Throws `invalid_option` for a time that no timer can wait. */
export function checkTimes(times: Record<string, number>): void {
  for (const [name, value] of Object.entries(times)) {
    if (!(value >= 1 && value <= MAX_TIMER_MS)) {
      const hint = "give milliseconds from 1 to 2147483647";
      throw fail("invalid_option", `${name} is ${String(value)}`, hint);
    }
  }
}

/** Returns the name of a namespace as it goes over the wire. Throws `invalid_option`. */
export function toNamespace(path: string): string {
  let name;
  try {
    name = decodeURI(path);
  } catch {
    name = path;
  }
  if (name.includes(",")) {
    const hint = "on the wire a comma ends the namespace; use another character";
    throw fail("invalid_option", `the namespace "${name}" has a comma`, hint);
  }
  return name.startsWith("/") ? name : `/${name}`;
}

function parseUrl(url: string | URL): URL {
  const page = (globalThis as { location?: Location }).location?.href;
  const hint = 'give an address like "https://example.com/namespace"';
  let address;
  try {
    address = new URL(url, page?.startsWith("http") ? page : undefined);
  } catch (error) {
    throw fail("invalid_url", `"${String(url)}" is no URL`, hint, error);
  }
  if (!/^(https?|wss?):$/.test(address.protocol)) {
    throw fail("invalid_url", `"${String(url)}" is no http, https, ws or wss URL`, hint);
  }
  return address;
}

function endpoint(address: URL, options: ClientOptions, transport: "websocket" | "polling") {
  const secure = /^(https|wss):$/.test(address.protocol);
  const scheme = transport === "websocket" ? "ws" : "http";
  const path = (options.path ?? "/socket.io").replace(/^\/*/, "/").replace(/\/*$/, "/");
  const endpoint = new URL(`${scheme}${secure ? "s" : ""}://${address.host}${path}`);
  endpoint.search = address.search;
  const query = { ...options.query, EIO: 4, transport };
  for (const [key, value] of Object.entries(query)) endpoint.searchParams.set(key, String(value));
  return endpoint.href;
}

function isPageOrWorker(): boolean {
  return "document" in globalThis || "WorkerGlobalScope" in globalThis;
}
