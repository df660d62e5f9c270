/** What the tests use in the page: the package, and ways to wait for it. */
import { createClient as create, isSockeyeError } from "/sockeye/index.js";

const startWorker = () => new Worker("/socketWorker.js", { type: "module" });
const shareWorker = () => new SharedWorker("/socketWorker.js", { type: "module" });

/** By where the tests of this run want cores, if not in the page. The tests are the same for all. */
const workers = { worker: startWorker, shared: shareWorker };
const usualWorker = workers[document.documentElement.dataset.clientMode];

const createClient = (url, { worker = usualWorker, ...options } = {}) =>
  create(url, { ...options, ...(worker && { worker }) });

/** Makes a client that waits little between attempts and connects only when told. */
const makeClient = (url, options) =>
  createClient(url, {
    autoConnect: false,
    reconnect: { minMs: 10, baseMs: 20, capMs: 50 },
    ...options,
  });

/** Resolves with the first status that `matches`, a state or a function. */
function until(client, matches) {
  const test = typeof matches === "string" ? ({ state }) => state === matches : matches;
  return new Promise((resolve) => {
    const leave = new AbortController();
    const next = (status) => {
      if (!test(status)) return;
      resolve(toPlain(status));
      leave.abort();
    };
    client.status.subscribe(next, { signal: leave.signal });
  });
}

/** Resolves when the outbox has so many actions. */
function untilItems(client, count) {
  return new Promise((resolve) => {
    const leave = new AbortController();
    const next = ({ length }) => {
      if (length !== count) return;
      resolve();
      leave.abort();
    };
    client.outbox.items.subscribe(next, { signal: leave.signal });
  });
}

/** Resolves with the first `count` values. */
function take(observable, count) {
  const values = [];
  return new Promise((resolve) => {
    const leave = new AbortController();
    const next = (value) => {
      values.push(value);
      if (values.length < count) return;
      resolve(values);
      leave.abort();
    };
    observable.subscribe(next, { signal: leave.signal });
  });
}

/** Resolves with what became of a promise, as plain data. */
async function outcome(promise) {
  const start = performance.now();
  try {
    return { value: await promise, ms: performance.now() - start };
  } catch (error) {
    return { ...describe(error), ms: performance.now() - start };
  }
}

/** Returns what a call throws, as plain data. */
function thrown(call) {
  try {
    return { value: call() };
  } catch (error) {
    return describe(error);
  }
}

function describe(error) {
  const { name, code, message, hint, data, cause } = error;
  return {
    name,
    code,
    message,
    hint,
    data,
    cause: cause && String(cause),
    known: isSockeyeError(error),
  };
}

function toPlain({ cause, ...status }) {
  return cause ? { ...status, cause: describe(cause) } : status;
}

globalThis.kit = {
  createClient,
  startWorker,
  makeClient,
  until,
  untilItems,
  take,
  outcome,
  thrown,
  describe,
  toPlain,
};

/** What nobody has caught. */
globalThis.errors = [];
addEventListener("error", ({ message }) => globalThis.errors.push(message));
addEventListener("unhandledrejection", ({ reason }) => globalThis.errors.push(String(reason)));
