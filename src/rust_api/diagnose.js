// Why no transport opened, which a WebSocket itself must not tell: one request to the same address.

/** How long the server may take to answer. */
const TIMEOUT_MS = 5_000;

/** What a proxy says when the server behind it does not answer. */
const GATEWAY_ERRORS = [502, 503, 504];

/** Resolves with a code; never rejects. */
export async function diagnose({ pollingUrl, fetch, withCredentials }) {
  if (!fetch) return "transport_error";
  const request = new AbortController();
  const timer = setTimeout(() => request.abort(), TIMEOUT_MS);
  const credentials = withCredentials ? "include" : "same-origin";
  try {
    const init = { cache: "no-store", credentials, signal: request.signal };
    const response = await fetch(pollingUrl, init);
    return classify(response.status, await response.text());
  } catch {
    return isForeign(pollingUrl) ? "unreachable_or_cors" : "server_unreachable";
  } finally {
    clearTimeout(timer);
  }
}

function classify(status, body) {
  if (/^\d+:0\{/.test(body)) return "unsupported_server";
  if (/^0\{|^\{"code":\d,"message":/.test(body)) return "websocket_blocked";
  return GATEWAY_ERRORS.includes(status) ? "server_unreachable" : "not_socketio";
}

/** Browsers hide an answer from another origin that lacks the header; nobody else does. */
const isForeign = (url) =>
  globalThis.location !== undefined && new URL(url).origin !== globalThis.location.origin;
