/** Finds out why a WebSocket did not open, which the WebSocket itself must not tell. */
import type { SockeyeErrorCode } from "./errors.js";
import type { CoreOptions } from "./port.js";

/** How long the server may take to answer. */
const TIMEOUT_MS = 5_000;

/** Asks the server once over HTTP. Never rejects. */
export async function diagnose({
  pollingUrl,
  fetch,
}: Pick<CoreOptions, "pollingUrl" | "fetch">): Promise<SockeyeErrorCode> {
  if (!fetch) return "transport_error";
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await fetch(pollingUrl, { signal, cache: "no-store" });
    return classify(await response.text());
  } catch {
    return isCorsPossible(pollingUrl) ? "unreachable_or_cors" : "server_unreachable";
  }
}

/**
 * A server of Socket.IO 3 and later answers with a handshake, or with an error object that has a number
 * and a message; one of Socket.IO 2 puts the length before its handshake.
 */
function classify(body: string): SockeyeErrorCode {
  if (/^\d+:0\{/.test(body)) return "unsupported_server";
  return /^0\{|^\{"code":\d,"message":/.test(body) ? "websocket_blocked" : "not_socketio";
}

/** Browsers hide an answer from another origin that lacks the header; nobody else does. */
function isCorsPossible(url: string): boolean {
  const page = (globalThis as { location?: Location }).location;
  return page !== undefined && new URL(url).origin !== page.origin;
}
