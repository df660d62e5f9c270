/**
 * What a page of the soak does: it enqueues, and tells at once what was accepted and how it ended.
 *
 * `window.tell(text)` is the way out: what it is given survives the end of the page.
 */
import { createClient } from "/sockeye/index.js";
import { memoryOutboxStore } from "/sockeye/stores.js";
import { randomOf } from "/random.js";

const tell = (what) => window.tell(JSON.stringify(what));
const now = () => performance.timeOrigin + performance.now();

const file = "/sockeye/worker.js";

/** By where clients have their cores, if not in the page: the browser tests are run with each. */
const workers = {
  worker: () => new Worker(file, { type: "module" }),
  shared: () => new SharedWorker(file, { type: "module" }),
};
const { clientMode } = document.documentElement.dataset;

let client;
let enqueuing;
let lastNumber = 0;

/**
 * Makes the client. `tab` names this load of the page, `store` is "memory" or the default of the package;
 * `options` are those of `createClient`; `mode` is where it has its core.
 */
function begin({ url, tab, store, options = {}, mode = clientMode }) {
  const worker = workers[mode];
  const outbox = {
    // The disk is to be full before the outbox is.
    ...{ maxItems: 100_000, maxBytes: 1_000_000_000 },
    ...options.outbox,
    ...(store === "memory" && { store: memoryOutboxStore() }),
  };
  client = createClient(url, {
    ...(worker && { worker }),
    reconnect: { minMs: 10, baseMs: 20, capMs: 200 },
    ...options,
    auth: { tab },
    outbox,
  });
  client.errors.subscribe(({ code, message }) => tell({ type: "error", code, message }));
  client.status.subscribe(({ state }) => tell({ type: "status", state, at: now() }));
  return client.outbox.durability;
}

/** Enqueues up to `burst` actions at a time, in some of `lanes`, until {@link stopEnqueuing}. */
function startEnqueuing({ tab, seed, lanes, burst, pauseMs, fill = 0 }) {
  const below = randomOf(seed);
  const padding = "x".repeat(fill);
  const next = () => {
    for (let left = 1 + below(burst); left > 0; left -= 1) {
      void enqueue(tab, `lane ${below(lanes)}`, padding);
    }
    enqueuing = setTimeout(next, below(pauseMs));
  };
  next();
}

function stopEnqueuing() {
  clearTimeout(enqueuing);
}

/** Enqueues one action; resolves when its fate is known to be accepted or not. */
async function enqueue(tab, lane, padding = "") {
  const enqueuedAt = now();
  const number = (lastNumber += 1);
  const payload = { tab, number, enqueuedAt, padding };
  const action = client.with({ lane }).enqueue("save", payload);
  const key = action.id;
  action.result.catch((error) => tellEnd(key, error));
  try {
    await action.accepted;
    const { durability } = client.outbox;
    tell({ type: "accepted", key, lane, at: now(), durability });
    return { key };
  } catch ({ code }) {
    tell({ type: "refused", key, code });
    return { key, code };
  }
}

/** Resolves when the server has answered something that it was asked after this call, with how long that took. */
async function live() {
  const start = performance.now();
  for (;;) {
    await connected();
    try {
      await client.with({ timeoutMs: 1_000 }).request("echo", start);
      return performance.now() - start;
    } catch (error) {
      // Not yet, so it is asked again; anything but a connection that is not there is a failure.
      if (!["ack_timeout", "disconnected"].includes(error.code)) throw error;
    }
  }
}

/** Resolves when the client says that it is connected. */
function connected() {
  const leave = new AbortController();
  return new Promise((resolve) => {
    const next = ({ state }) => state === "connected" && resolve();
    client.status.subscribe(next, { signal: leave.signal });
  }).finally(() => leave.abort());
}

/** Enqueues an action for each `poke` of the server, with what it says. */
function enqueueWhenPoked(tab) {
  client.on("poke").subscribe(() => void enqueue(tab, "poked"));
}

/**
 * Holds the room of the news and one of its own; tells each number that it hears, the one before that, and whether a gap was told
 * in between.
 */
function follow(tab) {
  for (const room of ["news", tab])
    client.topic({ join: ["join", room], leave: ["leave", room] }).retain();
  let last;
  let isGap = true;
  client.on("news").subscribe((number) => {
    tell({ type: "heard", number, last, isGap });
    last = number;
    isGap = false;
  });
  document.addEventListener("resume", () => tell({ type: "resumed" }));
  const noteGap = () => (isGap = true);
  client.onGap(noteGap);
  client.continuity.subscribe((verdict) => verdict?.kind === "gap" && noteGap());
}

/** What ended connections is put aside, and the application decides: here it is tried again. */
function tellEnd(key, { code, message }) {
  tell({ type: "ended", key, code, message });
  if (code === "action_quarantined") client.outbox.retry(key);
}

/**
 * Enqueues actions of `fill` characters until `refusals` of them were refused; resolves with how many were
 * accepted, and with the codes of the others.
 */
async function fillUp({ tab, lanes, fill, refusals, most }) {
  let accepted = 0;
  const codes = [];
  for (let tried = 0; tried < most && codes.length < refusals; tried += 1) {
    const { code } = await enqueue(tab, `lane ${tried % lanes}`, noise(fill));
    if (code) codes.push(code);
    else accepted += 1;
  }
  return { accepted, codes };
}

/** Text that no browser can compress to less than three quarters. */
function noise(length) {
  const bytes = crypto.getRandomValues(new Uint8Array(length));
  return String.fromCharCode(...bytes.map((byte) => 35 + (byte & 63))).replaceAll("\\", "!");
}

/** How many actions wait, as far as this page knows by now. */
const countItems = () => client.outbox.items.value.length;

/** Resolves with the number of actions once it is `count`, or after `limitMs` with what it is then. */
function whenItems(count, limitMs) {
  const leave = new AbortController();
  return new Promise((resolve) => {
    const next = ({ length }) => length === count && resolve(length);
    client.outbox.items.subscribe(next, { signal: leave.signal });
    setTimeout(() => resolve(countItems()), limitMs);
  }).finally(() => leave.abort());
}

/** What the client says of itself and of what waits, and who has or wants which lock. */
async function describe() {
  const { held, pending } = await navigator.locks.query();
  const items = client.outbox.items.value.map(({ state, attempts, lane }) => [
    lane,
    state,
    attempts,
  ]);
  const states = Object.entries(Object.groupBy(items, String));
  return JSON.stringify({
    status: client.status.value,
    durability: client.outbox.durability,
    items: states.map(([state, { length }]) => `${length} × ${state}`),
    locks: { held: held.length, pending: pending.length },
  });
}

globalThis.soak = {
  begin,
  startEnqueuing,
  stopEnqueuing,
  enqueue,
  fillUp,
  describe,
  countItems,
  whenItems,
  live,
  enqueueWhenPoked,
  follow,
  now,
  get client() {
    return client;
  },
};
