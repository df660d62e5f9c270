/** What a server says with an HTTP error about the next attempt. */

/** The answers with which servers and proxies say that they have too much to do. */
const STATUSES = [429, 503];

/**
 * Returns a `fetch` that tells how long the server wants to be left alone, in milliseconds.
 *
 * Browsers show the header of another origin only if that names it in `Access-Control-Expose-Headers`.
 */
export function withRetryAfter(
  fetch: typeof globalThis.fetch,
  tell: (afterMs: number) => void,
): typeof globalThis.fetch {
  return async (...args) => {
    const response = await fetch(...args);
    const afterMs = STATUSES.includes(response.status) ? read(response) : undefined;
    if (afterMs !== undefined) tell(afterMs);
    return response;
  };
}

/** An application may have replaced `fetch` by something whose answers have no headers. */
function read(response: Response): number | undefined {
  const headers = response.headers as Headers | undefined;
  const text = headers?.get("retry-after");
  return text ? parseRetryAfter(text, headers?.get("date")) : undefined;
}

/**
 * Reads the header: seconds, or a date, which is compared with that of the answer because the clock
 * here may be wrong. Returns undefined for anything else.
 *
 * Source: RFC 9110, section 10.2.3.
 */
export function parseRetryAfter(text: string, date: string | null | undefined): number | undefined {
  if (/^\d+$/.test(text)) return Number(text) * 1_000;
  const then = Date.parse(text);
  const now = date ? Date.parse(date) : Date.now();
  return Number.isNaN(then - now) ? undefined : Math.max(0, then - now);
}
