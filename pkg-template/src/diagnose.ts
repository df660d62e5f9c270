/** Finds out why no transport opened, which a WebSocket itself must not tell. */
import type { SockeyeErrorCode } from "./errors.js";
import type { CoreOptions } from "./port.js";

/** How long the server may take to answer. */
const TIMEOUT_MS = 5_000;

/** What a proxy says when the server behind it does not answer. */
const GATEWAY_ERRORS = [502, 503, 504];

/** Asks one question at a time: the answer to an older one says nothing about a newer. */
export class Diagnostician {
  readonly #options: Question;
  readonly #tell: (code: SockeyeErrorCode) => void;
  #asking = new AbortController();

  constructor(options: Question, tell: (code: SockeyeErrorCode) => void) {
    this.#options = options;
    this.#tell = tell;
  }

  /** Asks anew; the answer to what was asked before is told no more. */
  ask(): void {
    this.stop();
    const { signal } = (this.#asking = new AbortController());
    void diagnose(this.#options, signal).then((code) => {
      if (!signal.aborted) this.#tell(code);
    });
  }

  /** Gives up what has been asked. */
  stop(): void {
    this.#asking.abort();
  }
}

type Question = Pick<CoreOptions, "pollingUrl" | "fetch" | "withCredentials" | "extraHeaders">;

/**
 * Asks the server once over HTTP, until `signal` aborts. Never rejects.
 *
 * It asks as polling does, or browsers might let the one through and hide the answer to the other.
 */
export async function diagnose(question: Question, signal: AbortSignal): Promise<SockeyeErrorCode> {
  const { pollingUrl, fetch } = question;
  if (!fetch) return "transport_error";
  const request = new AbortController();
  const abort = () => request.abort();
  const timer = setTimeout(abort, TIMEOUT_MS);
  signal.addEventListener("abort", abort);
  try {
    const response = await fetch(pollingUrl, { ...toInit(question), signal: request.signal });
    return classify(response.status, await response.text());
  } catch {
    return isCorsPossible(pollingUrl) ? "unreachable_or_cors" : "server_unreachable";
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}

function toInit({ withCredentials, extraHeaders }: Question): RequestInit {
  return {
    cache: "no-store",
    credentials: withCredentials ? "include" : "same-origin",
    ...(extraHeaders && { headers: extraHeaders }),
  };
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
