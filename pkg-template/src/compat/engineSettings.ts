/** What becomes of an engine's options: the server's address, the transports, the core's options. */
import type { EngineOptions } from "./engineOptions.js";
import type { CoreEngineOptions } from "./enginePort.js";
import type { CoreTransportName } from "./transport.js";
import type { TransportCtor } from "./transports.js";
import { url } from "./url.js";

/** Where the server is. */
export interface EngineAddress {
  /** An IPv6 address has no brackets. */
  hostname: string;
  port: string;
  secure: boolean;
}

/** Options with the defaults filled in. */
export type ResolvedEngineOptions = EngineOptions &
  Required<Pick<EngineOptions, "path" | "query" | "timestampParam">>;

/** The version of the Engine.IO protocol. */
export const protocol = 4;

const isSupported = (name: string): name is CoreTransportName =>
  name === "polling" || name === "websocket";

/** Takes the address from the URI, else from the options, else from the page. */
export function toAddress(uri: string | undefined, options: EngineOptions): EngineAddress {
  const page = typeof location === "undefined" ? undefined : location;
  if (uri) {
    const { host, port, protocol } = url(uri);
    return { hostname: host, port, secure: protocol === "https" || protocol === "wss" };
  }
  const secure = options.secure ?? page?.protocol === "https:";
  const host = withoutBrackets(options.host ?? options.hostname ?? "");
  const pagePort = host ? "" : page?.port;
  const port = firstGiven(options.port?.toString(), pagePort, secure ? "443" : "80");
  return { hostname: firstGiven(host, page?.hostname, "localhost"), port, secure };
}

/** Fills in the defaults. A query in the URI replaces that of the options. */
export function resolveEngineOptions(
  uri: string | undefined,
  options: EngineOptions,
): ResolvedEngineOptions {
  const { path = "/engine.io", addTrailingSlash = true, timestampParam = "t" } = options;
  const query: string | object = firstGiven<unknown>(uri && url(uri).query, options.query, {});
  return {
    upgrade: true,
    rememberUpgrade: false,
    withCredentials: false,
    closeOnBeforeunload: false,
    transportOptions: {},
    ...options,
    addTrailingSlash,
    timestampParam,
    path: path.replace(/\/$/, "") + (addTrailingSlash ? "/" : ""),
    query: typeof query === "string" ? decodeQuery(query) : query,
  };
}

/** Returns the names of the wanted transports that there are, in order. */
export function toTransports(options: EngineOptions): CoreTransportName[] {
  if (options.transportImplementations && options.transports) {
    throw new Error("transports and transportImplementations cannot be given both");
  }
  const wanted: readonly (string | TransportCtor)[] = options.transportImplementations ??
    options.transports ?? ["polling", "websocket"];
  return wanted.map(toName).filter(isSupported);
}

/** Returns what the core needs to know. */
export function toCoreOptions(
  address: EngineAddress,
  options: ResolvedEngineOptions,
  transports: CoreTransportName[],
  startWithWebSocket: boolean,
): CoreEngineOptions {
  const polling = optionsOf("polling", options);
  const webSocket = optionsOf("websocket", options);
  const { WebSocket, fetch } = globalThis as Partial<typeof globalThis>;
  return {
    webSocketUrl: endpoint("websocket", address, webSocket),
    pollingUrl: endpoint("polling", address, polling),
    webSocket: WebSocket,
    ...(webSocket.protocols && { webSocketProtocols: webSocket.protocols }),
    fetch: fetch?.bind(globalThis),
    ...(polling.extraHeaders && { extraHeaders: polling.extraHeaders }),
    withCredentials: polling.withCredentials === true,
    requestTimeoutMs: polling.requestTimeout ?? 0,
    timestampParam: polling.timestampRequests === false ? "" : polling.timestampParam,
    webSocketTimestampParam: webSocket.timestampRequests ? webSocket.timestampParam : "",
    forceBase64: options.forceBase64 === true,
    binaryType: "arraybuffer",
    transports: [...transports],
    upgrade: options.upgrade !== false,
    tryAllTransports: options.tryAllTransports === true,
    connectTimeoutMs: 0,
    startWithWebSocket,
  };
}

/** Returns the parameters of a transport's addresses. */
export function toQuery(name: string, query: object): Record<string, string> {
  return { ...(query as Record<string, string>), EIO: String(protocol), transport: name };
}

/** A class has its transport's name in its prototype. */
const toName = (transport: string | TransportCtor): string =>
  typeof transport === "string" ? transport : (transport.prototype as { name: string }).name;

function optionsOf(name: string, options: ResolvedEngineOptions): ResolvedEngineOptions {
  const overrides = options.transportOptions as Record<string, Partial<ResolvedEngineOptions>>;
  return { ...options, ...overrides[name] };
}

function endpoint(
  transport: CoreTransportName,
  { hostname, port, secure }: EngineAddress,
  { path, query }: ResolvedEngineOptions,
): string {
  const scheme = (transport === "websocket" ? "ws" : "http") + (secure ? "s" : "");
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  const isDefault = Number(port) === (secure ? 443 : 80);
  const parameters = encodeQuery(toQuery(transport, query));
  return `${scheme}://${host}${isDefault ? "" : `:${port}`}${path}?${parameters}`;
}

/** As `encodeURIComponent` writes it: URLSearchParams would write a space as a plus. */
const encodeQuery = (query: Record<string, unknown>): string =>
  Object.entries(query)
    .map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(String(value))}`)
    .join("&");

const decodeQuery = (query: string): Record<string, string> =>
  Object.fromEntries(
    query.split("&").map((pair) => {
      const [key = "", ...value] = pair.split("=");
      return [decodeURIComponent(key), decodeURIComponent(value.join("="))];
    }),
  );

/** An empty value is none. */
const firstGiven = <Value>(...values: Value[]) => values.find(Boolean) as NonNullable<Value>;

const withoutBrackets = (host: string): string => host.replace(/^\[|\]$/g, "");
