/** Where a URL leads: the server, and the namespace, which is its path. */
/* eslint @typescript-eslint/prefer-nullish-coalescing: "off" -- parts that are missing are empty */

/** What the parts of a URL mean to the client. */
export interface ParsedUrl {
  /** The whole URL, completed. */
  source: string;
  /** `http`, `https`, `ws` or `wss`. */
  protocol: string;
  /** The name or the address; an IPv6 address has no brackets. */
  host: string;
  /** As text; the protocol's default if the URL has none. */
  port: string;
  /** The namespace. */
  path: string;
  /** Without the question mark. */
  query: string;
  /** The parameters of the query, as they are written. */
  queryKey: Record<string, string>;
  /** The same for all URLs that can share one connection. */
  id: string;
  /** Without path and query; without port if it is the page's own. */
  href: string;
}

/** What is read of the page's address. */
export type PageLocation = Pick<Location, "protocol" | "host"> & Partial<Pick<Location, "port">>;

const LONGEST_URL = 8_000;
/** Outside of pages, for example on a server that renders them. */
const NO_PAGE: PageLocation = { protocol: "https:", host: "localhost" };
const HAS_SCHEME = /^(https?|wss?):\/\//;
/** Scheme, user information, host (an IPv6 address with or without brackets), port, path, query. */
const URL_PARTS =
  /^(https?|wss?):\/\/(?:[^@/?#]*@)?(\[[^\]]*\]|(?:[\da-f]{0,4}:){2,7}[\da-f]{0,4}|[^:/?#]*)(?::(\d*))?([^?#]*)(?:\?([^#]*))?/;

/**
 * Completes a URL from the page's address and takes it apart.
 *
 * @param path the path of the connection's requests, which is part of its id
 */
export function url(uri?: string | null, path = "", page?: PageLocation): ParsedUrl {
  const here = page ?? (typeof location === "undefined" ? NO_PAGE : location);
  const source = complete(uri || `${schemeOf(here)}//${here.host}`, here);
  if (source.length > LONGEST_URL) throw new Error("URI too long");
  const [, protocol = "", name = "", port, namespace, query = ""] = URL_PARTS.exec(source) ?? [];
  const host = name.replace(/^\[|\]$/g, "");
  const origin = `${protocol}://${host.includes(":") ? `[${host}]` : host}`;
  const parsed = {
    source,
    protocol,
    host,
    port: port || (/^(https|wss)$/.test(protocol) ? "443" : "80"),
    path: namespace || "/",
    query,
    queryKey: parseQuery(query),
  };
  return {
    ...parsed,
    id: `${origin}:${parsed.port}${path}`,
    href: here.port === parsed.port ? origin : `${origin}:${parsed.port}`,
  };
}

function complete(uri: string, page: PageLocation): string {
  if (HAS_SCHEME.test(uri)) return uri;
  if (uri.startsWith("//")) return schemeOf(page) + uri;
  return `${schemeOf(page)}//${uri.startsWith("/") ? page.host : ""}${uri}`;
}

/** Pages of mobile applications have schemes of their own, which no server answers to. */
const schemeOf = (page: PageLocation): string =>
  /^https?:$/.test(page.protocol) ? page.protocol : "https:";

function parseQuery(query: string): Record<string, string> {
  const pairs = query.split("&").map((pair): [string, string] => {
    const end = pair.indexOf("=");
    return end < 0 ? [pair, ""] : [pair.slice(0, end), pair.slice(end + 1)];
  });
  return Object.fromEntries(pairs.filter(([name]) => name !== ""));
}
