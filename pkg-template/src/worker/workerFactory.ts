/** Where a client's worker comes from. */

/**
 * Makes the worker that has a client's core, or a shared one that has it for all tabs: a file of the application whose one line is
 * `import "sockeye-client/worker"`. It is called when the client is loaded, and again if the worker has ended.
 *
 * @example
 * const worker = () => new Worker(new URL("./socket.worker", import.meta.url), { type: "module" });
 * const client = createClient("https://api.example.com", { worker });
 */
export type WorkerFactory = () => Worker | SharedWorker;
