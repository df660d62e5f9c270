/** `io()`: the socket of a URL, on a connection that others may use, too. */
/* eslint @typescript-eslint/prefer-nullish-coalescing: "off" -- an empty path is none */
import { Manager } from "./manager.js";
import type { ManagerOptions } from "./options.js";
import { Socket } from "./socket.js";
import type { SocketOptions } from "./types.js";
import { url } from "./url.js";

type Options = Partial<ManagerOptions & SocketOptions>;

/** The managers that sockets of several namespaces share, by the ids of URLs. */
const managers = new Map<string, Manager>();

function lookup(opts?: Options): Socket;
function lookup(uri?: string, opts?: Options): Socket;
function lookup(uri?: string | Options | null, opts?: Options): Socket {
  if (uri && typeof uri === "object") return lookup(undefined, uri);
  const options = opts ?? {};
  const parsed = url(uri, options.path || "/socket.io");
  const manager = managerOf(parsed.source, parsed.id, parsed.path, options);
  if (parsed.query && !options.query) options.query = parsed.queryKey;
  return manager.socket(parsed.path, options);
}

function managerOf(source: string, id: string, namespace: string, options: Options): Manager {
  const shared = managers.get(id);
  if (isAlone(options) || shared?._has(namespace)) return new Manager(source, options);
  const manager = shared ?? new Manager(source, options);
  managers.set(id, manager);
  return manager;
}

/** The option with spaces is that of versions before 1.0. */
const isAlone = (options: Options & { "force new connection"?: boolean }): boolean =>
  Boolean(options.forceNew) ||
  Boolean(options["force new connection"]) ||
  options.multiplex === false;

/** What `io` has been a name for, too. */
const members = { Manager, Socket, io: lookup, connect: lookup };

/**
 * Returns a socket for a URL, the path of which is the namespace: `io`, with the names that it has as members.
 *
 * @example
 * const socket = io("https://example.com/admin", { auth: { token: "abc" } });
 */
const callable: {
  /** Returns a socket for the server of the page. */
  (opts?: Options): Socket;
  /**
   * Returns a socket for a URL, the path of which is the namespace.
   *
   * Sockets of different namespaces of one server share a connection. A second socket of the same
   * namespace gets a connection of its own, as it does with `forceNew` or without `multiplex`.
   *
   * @example
   * const socket = io("https://example.com/admin", { auth: { token: "abc" } });
   */
  (uri?: string, opts?: Options): Socket;
  Manager: typeof Manager;
  Socket: typeof Socket;
  io: typeof lookup;
  connect: typeof lookup;
} = Object.assign(lookup, members);

export { callable as lookup };
