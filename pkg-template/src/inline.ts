/**
 * The entry with the core in it: one file more to parse at the start, none to fetch later.
 *
 * @module sockeye-client/inline
 */
import type { Address } from "./address.js";
import type { Client } from "./client.js";
import { createCore } from "./core.js";
import type { DefaultEvents } from "./events.js";
import { type MakeCore, makeClient } from "./facade.js";
import { inWorker } from "./inWorker.js";
import type { ClientOptions } from "./options.js";
import { read } from "./payload.js";

export * from "./public.js";

/**
 * Makes a client of the Socket.IO server at `url`, like `createClient` of the default entry.
 *
 * @throws {SockeyeError} `invalid_url` or `invalid_option`, at once.
 * @example
 * const client = createClient("https://api.example.com/jobs", { auth: { token } });
 */
export function createClient<
  ListenEvents extends object = DefaultEvents,
  EmitEvents extends object = ListenEvents,
>(url: Address, options: ClientOptions = {}): Client<ListenEvents, EmitEvents> {
  const { worker, tabs } = options;
  const inPage: MakeCore = (...given) => createCore(...given, read);
  const makeCore = worker ? inWorker({ worker, tabs }, inPage) : inPage;
  const client = makeClient(url, options, makeCore, {});
  return client as unknown as Client<ListenEvents, EmitEvents>;
}
