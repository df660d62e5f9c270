/**
 * The default entry: small, and imports everything else when a client first connects or sends.
 *
 * @module sockeye-client
 */
import type { Address } from "./address.js";
import type { Client } from "./client.js";
import type { DefaultEvents } from "./events.js";
import type { ClientOptions } from "./options.js";
import { ClientShell } from "./shell/client.js";
import { fetchModules } from "./shell/fetchModules.js";
import { atOnce } from "./shell/launch.js";

export * from "./public.js";

/**
 * Makes a client of the Socket.IO server at `url`.
 *
 * The URL's path is the namespace. In pages and workers the client connects by itself, elsewhere, or
 * with `autoConnect: false`, when `connect()` is called.
 *
 * @throws {SockeyeError} `invalid_url`, at once. Wrong options are found when the client is loaded: then
 * `connect()` rejects with `invalid_option`, `errors` and the console tell it, and the status is `disconnected`
 * for good. The entry `sockeye-client/inline` throws both at once.
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
  const client = new ClientShell(url, options, { run: atOnce, fetchModules });
  return client as unknown as Client<ListenEvents, EmitEvents>;
}
