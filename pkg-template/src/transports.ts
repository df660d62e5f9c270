/** Which transports a client has here, and how they talk to the server. */
import { checkTimes } from "./checks.js";
import { fail } from "./errors.js";
import type { ClientOptions, TransportName } from "./options.js";
import type { CoreOptions, TransportOptions } from "./port.js";

type Resolved = Omit<TransportOptions, "webSocketUrl" | "pollingUrl"> &
  Pick<CoreOptions, "transports" | "upgrade" | "rememberUpgrade">;

const transportNames: readonly TransportName[] = ["websocket", "polling"];

/** Checks the options of the transports and fills in the defaults. Throws `invalid_option`. */
export function resolveTransports(options: ClientOptions): Resolved {
  const { httpTimeoutMs, protocols, extraHeaders } = options;
  const transports = options.transports ?? transportNames;
  checkTransports(transports);
  if (httpTimeoutMs !== undefined) checkTimes({ httpTimeoutMs });
  if (extraHeaders) checkHeaders(extraHeaders);
  const platform = {
    webSocket: options.webSocket ?? (globalThis as Partial<typeof globalThis>).WebSocket,
    fetch: options.fetch ?? (globalThis as Partial<typeof globalThis>).fetch?.bind(globalThis),
  };
  return {
    ...platform,
    transports: available(transports, platform),
    upgrade: options.upgrade ?? true,
    rememberUpgrade: options.rememberUpgrade ?? false,
    ...(protocols !== undefined && { webSocketProtocols: protocols }),
    ...(extraHeaders && { extraHeaders: { ...extraHeaders } }),
    withCredentials: options.withCredentials ?? false,
    requestTimeoutMs: httpTimeoutMs ?? 0,
    timestampParam: options.timestampParam ?? "t",
    webSocketTimestampParam: "",
    forceBase64: false,
    binaryType: "arraybuffer",
  };
}

function checkTransports(transports: unknown): void {
  const hint = 'give an array of one or both of "websocket" and "polling"';
  if (!Array.isArray(transports) || transports.length === 0) {
    throw fail("invalid_option", "transports is no array, or empty", hint);
  }
  for (const name of transports as unknown[]) {
    if (transportNames.every((known) => known !== name)) {
      throw fail("invalid_option", `transports has "${String(name)}"`, hint);
    }
  }
}

/** Later, `fetch` would refuse them in each request. */
function checkHeaders(headers: Record<string, string>): void {
  if (typeof Headers === "undefined") return;
  try {
    new Headers(headers);
  } catch (error) {
    const hint = "give names and values that HTTP can hold";
    throw fail("invalid_option", "extraHeaders cannot be sent", hint, error);
  }
}

/** What cannot be had here is not tried; where nothing can, trying it tells so. */
function available(
  transports: readonly TransportName[],
  { webSocket, fetch }: Pick<TransportOptions, "webSocket" | "fetch">,
): TransportName[] {
  const means = { websocket: webSocket, polling: fetch };
  const found = transports.filter((name) => means[name] !== undefined);
  return [...new Set(found.length > 0 ? found : transports)];
}
