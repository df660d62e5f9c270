/** What the shell of a client stands for: fetched when it is first needed, beside the core. */
import type { Address } from "./address.js";
import { Client } from "./client.js";
import type { Before } from "./connection.js";
import type { ClientOptions } from "./options.js";
import type { CoreEvents, CoreOptions, CorePort, CreateCore } from "./port.js";
import * as services from "./services.js";

export { enqueueSince, readCopy, requestSince, takeOver } from "./takeOver.js";

/** Makes a core; `signal` says that nobody waits for it any more. */
export type MakeCore = (
  options: CoreOptions,
  events: CoreEvents,
  signal: AbortSignal,
) => Promise<CorePort>;

/** Makes the client that takes over from its shell. Throws `invalid_option`. */
export function makeClient(
  url: Address,
  options: ClientOptions,
  makeCore: MakeCore,
  before: Before,
): Client {
  const createCore: CreateCore = async (...given) => ({ core: await makeCore(...given), services });
  return new Client(url, options, createCore, before);
}
