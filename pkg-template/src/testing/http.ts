/** What a client is told over HTTP when no WebSocket opens. */
import type { Refusal } from "./faultRules.js";

/** Why the last client was refused, if it was: without a status nothing answered. */
export type LastRefusal =
  | (Partial<Refusal> & {
      /** Who asks over HTTP is answered as ever. */
      readonly isForWebSockets?: boolean;
    })
  | undefined;

/** Returns a `fetch` that never goes to a network. */
export function makeFetch(lastRefusal: () => LastRefusal): typeof fetch {
  const answer = (): Promise<Response> => {
    const refusal = lastRefusal();
    if (!refusal || refusal.isForWebSockets) return Promise.resolve(handshake());
    const { status, retryAfter } = refusal;
    if (status === undefined) return Promise.reject(new TypeError("nothing answers"));
    return Promise.resolve(refused({ status, retryAfter }));
  };
  return answer;
}

/** The server speaks Socket.IO. */
const handshake = (): Response => toResponse(200, '0{"sid":"mock","upgrades":["websocket"]}', {});

function refused({ status, retryAfter }: Refusal): Response {
  const headers = retryAfter === undefined ? {} : { "retry-after": String(retryAfter) };
  return toResponse(status, "", headers);
}

/** Where pages are only imitated there may be no `Response`. It has what clients use of one. */
function toResponse(status: number, body: string, headers: Record<string, string>): Response {
  const response = {
    status,
    ok: status >= 200 && status < 300,
    headers: { get: (name: string) => headers[name.toLowerCase()] ?? null },
    text: () => Promise.resolve(body),
  };
  return response as unknown as Response;
}
