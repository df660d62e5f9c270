/** Why a connection ended, in the words of `engine.io-client`. */
import type { CloseCode } from "./enginePort.js";
import { type CloseDetails, TransportError } from "./transport.js";

/** What the listeners of `close` are told, and before them those of `error` if there is one. */
export interface CloseReason {
  reason: string;
  error?: Error;
  details?: CloseDetails;
}

/** What the core says about a request that failed. */
interface FailedRequest {
  method?: string;
}

/** Translates what the core says. `detail` is what the browser said. */
export function toCloseReason(
  code: CloseCode,
  transport: string,
  status: number,
  detail: unknown,
): CloseReason {
  switch (code) {
    case "ping_timeout":
      return { reason: "ping timeout" };
    case "client_close":
      return { reason: "forced close" };
    case "server_close":
      return { reason: "transport close", details: byServer };
    case "transport_close":
      return { reason: "transport close", details: toDetails(transport, detail) };
    case "transport_error":
    case "open_timeout":
    case "unavailable":
      return { reason: "transport error", error: toError(transport, status, detail) };
    case "parse_error":
    case "invalid_handshake":
    case "not_socketio":
      return { reason: "transport error", error: toServerError(code) };
  }
}

const byServer = { description: "transport closed by the server" };

const toDetails = (transport: string, context: unknown): CloseDetails =>
  transport === "websocket"
    ? { description: "websocket connection closed", context }
    : { ...byServer, context };

/** The messages are known to programs: those of XMLHttpRequest, although it is not used. */
function toError(transport: string, status: number, detail: unknown): TransportError {
  if (transport === "websocket") return new TransportError("websocket error", detail);
  const isPost = (detail as FailedRequest | undefined)?.method === "POST";
  return new TransportError(isPost ? "xhr post error" : "xhr poll error", status, detail);
}

const toServerError = (code: CloseCode): Error =>
  Object.assign(new Error("server error"), {
    code: code === "parse_error" ? "parser error" : code,
  });
