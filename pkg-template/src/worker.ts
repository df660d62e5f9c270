/**
 * What the file of a client's worker imports: it has the core in it, and serves clients with the option `worker`.
 *
 * @module sockeye-client/worker
 */
import { createCore } from "./core.js";
import { read } from "./payload.js";
import { serve } from "./worker/serve.js";
import { withStores } from "./worker/storingCore.js";

export type { WantedWorker, WorkerFactory } from "./worker/workerFactory.js";

serve(
  globalThis,
  withStores((...given) => createCore(...given, read)),
);
