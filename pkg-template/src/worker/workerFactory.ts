/** Where a client's worker comes from. */

/** Which worker is wanted. */
export interface WantedWorker {
  /** Whether it may be a `SharedWorker`: not where the browser has none, or where that is of another version of this package. */
  isShared: boolean;
}

/**
 * Makes the worker that has a client's core, or a shared one that has it for all tabs: a file of the application whose one line is
 * `import "sockeye-client/worker"`. It is called when the client is loaded, and again if the worker has ended or is of another version.
 *
 * @example
 * const worker = () => new Worker(new URL("./socket.worker", import.meta.url), { type: "module" });
 * const client = createClient("https://api.example.com", { worker });
 */
export type WorkerFactory = (wanted: WantedWorker) => Worker | SharedWorker;
