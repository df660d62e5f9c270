/** The client that an injector provides. */
import { DestroyRef, inject, NgZone, PLATFORM_ID } from "@angular/core";
import type { Address } from "../address.js";
import type { ClientOptions } from "../options.js";
import type { CorePort } from "../port.js";
import { ClientShell } from "../shell/client.js";
import { fetchModules } from "../shell/fetchModules.js";
import type { Modules } from "../shell/fetchModulesFor.js";

/**
 * Either a `client` of the application's, which is left as it is; or a `url` and the options of a client,
 * which is made when it is first injected, and destroyed with the injector that provides it.
 */
export type SockeyeSource<Handle> =
  { client: Handle; url?: undefined } | ({ client?: undefined; url: Address } & ClientOptions);

/** Makes the client, in an injection context. On servers it does not connect by itself. */
export function makeClient(source: SockeyeSource<unknown>): unknown {
  if (source.client !== undefined || source.url === undefined) return source.client;
  const zone = inject(NgZone);
  const { url, ...given } = source;
  const options = inject(PLATFORM_ID) === "server" ? { ...given, autoConnect: false } : given;
  const run = <Value>(run: () => Value): Value => zone.runOutsideAngular(run);
  const surroundings = { run, fetchModules: () => fetchOutside(zone, options) };
  const client = run(() => new ClientShell(url, options, surroundings));
  inject(DestroyRef).onDestroy(() => void client.destroy());
  return client;
}

/** Has everything that a core causes happen outside of the zone, whoever calls. */
async function fetchOutside(zone: NgZone, options: ClientOptions): Promise<Modules> {
  const [facade, { createCore }] = await fetchModules(options);
  const outside: typeof createCore = (...given) =>
    zone.runOutsideAngular(async () => coreOutside(zone, await createCore(...given)));
  return [facade, { createCore: outside }];
}

/** Where there is no zone.js this costs a call. */
function coreOutside(zone: NgZone, core: CorePort): CorePort {
  const methods = new Map<PropertyKey, unknown>();
  return new Proxy(core, {
    get(target, name) {
      const known = methods.get(name);
      if (known) return known;
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      const method = (...args: unknown[]): unknown =>
        zone.runOutsideAngular(() => Reflect.apply(value, target, args) as unknown);
      methods.set(name, method);
      return method;
    },
  });
}
