/** What the shell of a client stands for: fetched when it is first needed, beside the core. */
import type { Address } from "./address.js";
import { Client } from "./client.js";
import type { Before } from "./connection.js";
import type { ClientOptions } from "./options.js";
import type { CoreEvents, CoreOptions, CorePort } from "./port.js";
import * as services from "./services.js";

/** Makes a core. */
export type MakeCore = (options: CoreOptions, events: CoreEvents) => Promise<CorePort>;

/** Makes the client that takes over from its shell. Throws `invalid_option`. */
export function makeClient(
  url: Address,
  options: ClientOptions,
  makeCore: MakeCore,
  before: Before,
): Client {
  const createCore = async (coreOptions: CoreOptions, events: CoreEvents) => ({
    core: await makeCore(coreOptions, events),
    services,
  });
  return new Client(url, options, createCore, before);
}
