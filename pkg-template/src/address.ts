/** Where the server is: fixed, or asked for before each attempt. */
import { fail, type SockeyeError } from "./errors.js";

/** What the function that gives the address is told. */
export interface AddressRequest {
  /** Aborts when the answer is of no use any more: too late, disconnected, or asked anew. */
  readonly signal: AbortSignal;
  /** The number of the attempt, counted from 1 since the last connection. */
  readonly attempt: number;
}

/** The address of the server, or a function that is asked for it before each attempt. */
export type Address =
  string | URL | ((request: AddressRequest) => string | URL | Promise<string | URL>);

/** Reads an address; `error` says why nothing can be connected there, if so. Throws `invalid_url`. */
export function parseAddress(url: string | URL): { address: URL; error: SockeyeError | undefined } {
  const page = (globalThis as { location?: Location }).location?.href;
  const hint = 'give an address like "https://example.com/namespace"';
  const shown = redact(String(url));
  const hasPage = page?.startsWith("http") === true;
  // A path stands for the page's own server; where there is no page, it cannot be connected.
  const isPath = /^\/(?!\/)/.test(String(url));
  let address;
  try {
    address = new URL(url, hasPage ? page : isPath ? "http://localhost" : undefined);
  } catch (error) {
    // The cause may show what is left out of the message.
    const cause = shown === String(url) ? error : undefined;
    throw fail("invalid_url", `"${shown}" is no URL`, hint, cause);
  }
  if (!/^(https?|wss?):$/.test(address.protocol)) {
    throw fail("invalid_url", `"${shown}" is no http, https, ws or wss URL`, hint);
  }
  const lacksPage = isPath && !hasPage;
  const error = lacksPage
    ? fail("invalid_url", `"${shown}" needs a page whose server it means`, hint)
    : undefined;
  return { address, error };
}

/** Secrets stand in the query, in the fragment, or before the host; messages end up in logs. */
function redact(url: string): string {
  return url.replace(/^([^/?#]*\/\/)[^/?#]*@/, "$1…@").replace(/[?#].+$/s, "?…");
}
