/** What the core's error codes mean, and what to do. Loaded with the core. */
import type { ErrorData, SockeyeErrorCode } from "./errors.js";

/** Message and hint of each code that comes from the core. */
const descriptions: Partial<Record<SockeyeErrorCode, readonly [message: string, hint: string]>> = {
  buffer_full: [
    "1,000 events or 8 million characters and bytes wait for the connection",
    "emit less while `status` is not connected, or emit with `volatile: true`",
  ],
  too_many_attachments: [
    "more binary values than servers take in one event",
    "join the binary values, or send several events",
  ],
  not_serializable: [
    "the arguments cannot be written as JSON",
    "send what JSON can hold, or binary data",
  ],
  outbox_full: [
    "the outbox is full",
    "wait for `result`, cancel what is not needed, or raise `outbox.maxItems` or `outbox.maxBytes`",
  ],
  duplicate_key: ["there is an action with this id", "let `randomId` give another one each time"],
  topic_failed: ["the join could not be sent", "nothing to do: it is tried again"],
  not_durable: [
    "the store is lost with the page",
    "give a durable `outbox.store`, or do without `outbox.requireDurable`",
  ],
  storage_full: [
    "the outbox's store has no room",
    "wait until actions have been sent, or have the user make room",
  ],
  storage_version: [
    "the outbox's store was made by a later version",
    "reload the page, so that it runs the version that made it",
  ],
  storage_damaged: ["a stored action is damaged", "nothing to do: the others are not concerned"],
  storage_lost: [
    "the browser has lost what was stored",
    "what this page enqueued is stored again; what earlier pages had not sent has to be enqueued again",
  ],
  storage_failed: ["the outbox's store failed", "the `cause`, if there is one, says why"],
  action_rejected: ["the server rejected the action", "see `data` for what it said"],
  action_expired: [
    "the action was not applied in time",
    "enqueue it again if it is still wanted, or raise `ttlMs`",
  ],
  action_cancelled: ["the action was cancelled", "it was never sent"],
  action_conflict: [
    "the server knows the action's id with another payload",
    "never change what is stored; check that ids are not made twice",
  ],
  action_quarantined: [
    "the connection ended each time the action was sent",
    "check what the server does with it; then `outbox.retry(id)`, or `outbox.clear()`",
  ],
  action_unknown: [
    "whether the action was applied cannot be found out",
    "ask the server, then `outbox.retry(id)` or `outbox.clear()`",
  ],
  hook_timeout: [
    "a handler of a new connection did not end in time, so the client went on",
    "let it end sooner: `onConnected` has 10 s, `onGap` 30 s",
  ],
  payload_too_large: [
    "the server takes no message of this size",
    "send less at once, or raise the server's `maxHttpBufferSize`",
  ],
  too_many_requests: [
    "1,024 requests wait for an answer",
    "wait for answers before requesting more, or use `emit`",
  ],
  client_destroyed: ["the client was destroyed", "make a new client with createClient()"],
  ack_timeout: [
    "no answer came in time",
    "check that the server's handler calls its acknowledgement; raise `timeoutMs`",
  ],
  disconnected: [
    "the connection was lost before the answer",
    "the server may have acted on the request: ask it before requesting again",
  ],
  identity_changed: [
    "it was not sent, because the client has another user since",
    "send it again as the new user if that is meant",
  ],
  binary_unsupported: [
    "a packet with binary attachments was dropped",
    "have the server send text or JSON, for example base64",
  ],
  attachments_exceeded: [
    "a packet with more binary attachments than allowed was dropped",
    "raise the option `attachments`, or have the server send less at once",
  ],
  wasm_unavailable: [
    "WebAssembly is missing or forbidden",
    "if the page has a Content-Security-Policy, add 'wasm-unsafe-eval' to script-src",
  ],
  core_failed: [
    "the client's core failed",
    "the client goes on with a new one by itself; please report the `cause`",
  ],
  server_unreachable: [
    "nothing answers at the address",
    "check the address, that the server runs, and the network",
  ],
  unreachable_or_cors: [
    "nothing answers, or the browser hides the answer",
    "check the address and that the server runs; if it does, set its `cors.origin` to this page's origin",
  ],
  websocket_blocked: [
    "the server speaks Socket.IO, but no WebSocket opens",
    'check that the server\'s `transports` has "websocket" and that proxies pass upgrades on',
  ],
  websocket_unavailable: [
    "no transport can be made for this address",
    "on an https page use an https address; where there is none, give the option `webSocket` or `fetch`",
  ],
  forbidden: [
    "the server refuses this client",
    "check what the server's `allowRequest` and the proxies before it ask for: cookies, headers, origin",
  ],
  http_error: [
    "the server answered with an HTTP error",
    "check the server's log and the proxies before it; nothing to do if it passes",
  ],
  not_socketio: [
    "what answers at the address does not speak Socket.IO",
    "check host, port and the option `path` (default /socket.io)",
  ],
  invalid_handshake: [
    "the server's handshake cannot be used",
    "check the server's pingInterval, pingTimeout and maxHttpBufferSize",
  ],
  unsupported_server: [
    "the server speaks a protocol of Socket.IO 2 or older",
    "update the server to Socket.IO 3 or later",
  ],
  connect_timeout: [
    "the connection was not made in time",
    "check that the server runs, has this namespace, and that `auth` resolves; raise `connectTimeoutMs`",
  ],
  connect_refused: [
    "the server refused the namespace",
    "see `data` for what it said; check the namespace's name and `auth`, then call connect()",
  ],
  auth_failed: [
    "the option `auth` failed",
    "the `cause` is what it threw; if it took too long, raise `authTimeoutMs`",
  ],
  auth_stopped: [
    "the option `auth` said that there is no point in trying",
    "the `cause` is what it threw; call connect() when that has changed",
  ],
  address_failed: [
    "the function that gives the address failed",
    "the `cause` is what it threw; if it took too long, raise `connectTimeoutMs`",
  ],
  server_disconnect: [
    "the server disconnected the client",
    "call connect() if the client should come back",
  ],
  client_disconnect: ["the client was disconnected", "call connect() to come back"],
  session_unknown: [
    "the server does not know the session",
    'with several server processes let the load balancer use sticky sessions, or set `transports: ["websocket"]`',
  ],
  ping_timeout: [
    "the server has not pinged in time",
    "no need to act: the client connects again by itself",
  ],
  transport_close: [
    "the connection was closed",
    "no need to act: the client connects again by itself",
  ],
  transport_error: ["the connection failed", "no need to act: the client connects again by itself"],
  suspended: [
    "the page is frozen, or has been left",
    "no need to act: the client connects again as soon as the page is back",
  ],
  parse_error: [
    "the server broke the protocol",
    "check the server's version and what stands between it and the client",
  ],
};

/** Returns message and hint of a code; `detail` names the part that is wrong. */
export function describe(code: SockeyeErrorCode, detail?: string): ErrorData {
  const [message, hint] = descriptions[code] ?? [code, ""];
  return { code, message: detail ? `${message}: ${detail}` : message, hint };
}
