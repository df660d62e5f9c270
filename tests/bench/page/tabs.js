/** A tab that connects in one way and listens; it loads only what it needs for that. */

const worker = () => new Worker("/worker.js", { type: "module" });
const shared = () => new SharedWorker("/worker.js", { type: "module" });

const connectors = {
  /** To compare with. */
  nothing: () => undefined,
  page: async () => (await import("./tabOurs.js")).connect(),
  worker: async () => (await import("./tabOurs.js")).connect(worker),
  shared: async () => (await import("./tabOurs.js")).connect(shared),
  reference: async () => (await import("./tabReference.js")).connect(),
};

let client;

const measurements = {
  async connect(way) {
    client = await connectors[way]();
  },
  /** Resolves with how many connections the server has. */
  connections: () => client.request("connections"),
};

globalThis.measure = (what, ...args) => measurements[what](...args);
