/** What an application writes with Angular, and what must not compile. */
import type { Signal } from "@angular/core";
import type { Client } from "sockeye-client";
import { createSockeyeInjectors } from "sockeye-client/angular";
import { holds } from "./shared.js";
import type { ClientToServer, Job, Same, ServerToClient } from "./shared.js";

const { injectAction, injectLatest, injectSockeye, provideSockeye } = createSockeyeInjectors<
  ServerToClient,
  ClientToServer
>();

provideSockeye(() => ({ url: "https://example.com/jobs", auth: { token: "t" } }));

export class Progress {
  readonly client = injectSockeye();
  readonly job = injectLatest("job:progress");
  readonly start = injectAction("job:start");
  // @ts-expect-error -- an event of the other direction
  readonly wrong = injectLatest("typing");
}

declare const progress: Progress;
holds<Same<typeof progress.client, Client<ServerToClient, ClientToServer>>>();
holds<Same<typeof progress.job, Signal<Job | undefined>>>();
holds<Same<typeof progress.start.value, Signal<Job | undefined>>>();
