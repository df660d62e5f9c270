/** Finds out why a WebSocket did not open, which the WebSocket itself must not tell. */
import type { SockeyeErrorCode } from "./errors.js";
import type { CoreOptions } from "./port.js";

/** How long the server may take to answer. */
const TIMEOUT_MS = 5_000;

/** What a proxy says when the server behind it does not answer. */
const GATEWAY_ERRORS = [502, 503, 504];

/** Asks the server once over HTTP, until `signal` aborts. Never rejects. */
export async function diagnose(
  { pollingUrl, fetch }: Pick<CoreOptions, "pollingUrl" | "fetch">,
  signal: AbortSignal,
): Promise<SockeyeErrorCode> {
  if (!fetch) return "transport_error";
  const request = new AbortController();
  const abort = () => request.abort();
  const timer = setTimeout(abort, TIMEOUT_MS);
  signal.addEventListener("abort", abort);
  try {
    const response = await fetch(pollingUrl, { signal: request.signal, cache: "no-store" });
    return classify(response.status, await response.text());
  } catch {
    return isCorsPossible(pollingUrl) ? "unreachable_or_cors" : "server_unreachable";
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}

/**
 * A server of Socket.IO 3 and later answers with a handshake, or with an error object that has a number
 * and a message; one of Socket.IO 2 puts the length before its handshake.
 */
function classify(status: number, body: string): SockeyeErrorCode {
  if (/^\d+:0\{/.test(body)) return "unsupported_server";
  if (/^0\{|^\{"code":\d,"message":/.test(body)) return "websocket_blocked";
  return GATEWAY_ERRORS.includes(status) ? "server_unreachable" : "not_socketio";
}

/** Browsers hide an answer from another origin that lacks the header; nobody else does. */
function isCorsPossible(url: string): boolean {
  const page = (globalThis as { location?: Location }).location;
  return page !== undefined && new URL(url).origin !== page.origin;
}
