/** Which pages may connect. */
/** What socket.io calls for each handshake: its option `allowRequest`. */
export type AllowRequest = (
  request: { readonly headers: { readonly origin?: string | undefined } },
  decide: (error: string | null | undefined, isAllowed: boolean) => void,
) => void;

/**
 * Refuses connections that pages of other origins open.
 *
 * A WebSocket is not subject to CORS, and the browser adds the cookies of your site to it: without
 * this any page can connect as its visitor. Programs that are no browsers send no origin; they pass, as
 * they could send any. It is no replacement for a token in `auth`.
 *
 * @example
 * new Server(httpServer, { allowRequest: allowOrigins(["https://app.example.com"]) });
 */
export function allowOrigins(origins: readonly string[]): AllowRequest {
  const allowed = new Set(origins);
  return ({ headers: { origin } }, decide) => {
    const isAllowed = origin === undefined || allowed.has(origin);
    decide(isAllowed ? null : "this origin is not allowed", isAllowed);
  };
}
