/** The client that is put under load: one provider makes it, for one place of its core. */
import { createSockeyeContext } from "sockeye-client/react";
import type { QuotesEvents } from "../events";
import type { Core } from "./choices";

export const quotes = createSockeyeContext<QuotesEvents, object>();

export const path = "/craft/socket.io";

/** Bundlers find the worker's file only where `new URL` stands in the call itself. */
const workers = {
  worker: () => new Worker(new URL("./socket.worker.ts", import.meta.url), { type: "module" }),
  shared: () =>
    new SharedWorker(new URL("./socket.worker.ts", import.meta.url), { type: "module" }),
};

export const optionsOf = (core: Core) =>
  core === "page" ? { path } : { path, worker: workers[core] };
