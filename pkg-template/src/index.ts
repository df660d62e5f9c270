/** The default entry: small, and imports the core when a client first connects. */
import type { Address } from "./address.js";
import { Client } from "./client.js";
import type { DefaultEvents } from "./events.js";
import { loadCore } from "./loadCore.js";
import type { ClientOptions } from "./options.js";

export * from "./public.js";

/**
 * Makes a client of the Socket.IO server at `url`.
 *
 * The URL's path is the namespace. In pages and workers the client connects by itself, elsewhere, or
 * with `autoConnect: false`, when `connect()` is called.
 *
 * @throws {SockeyeError} `invalid_url` or `invalid_option`, at once.
 * @example
 * const client = createClient("https://api.example.com/jobs", {
 *   auth: async () => ({ token: await getToken() }),
 * });
 * client.on("job:update").subscribe((job) => show(job));
 */
export function createClient<
  ListenEvents extends object = DefaultEvents,
  EmitEvents extends object = ListenEvents,
>(url: Address, options: ClientOptions = {}): Client<ListenEvents, EmitEvents> {
  return new Client(url, options, loadCore);
}
