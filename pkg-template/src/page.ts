/** Where a client runs. */

/** Says whether this is a page or a worker of one. */
export function isPageOrWorker(): boolean {
  // Some servers have a `WorkerGlobalScope`, none has this.
  return "document" in globalThis || "importScripts" in globalThis;
}
