/** One round of damage: a client stores actions, rows are damaged, and another client goes on with them. */
import { createClient } from "/sockeye/index.js";
import { chooseDamages } from "/damages.js";
import { randomOf } from "/random.js";
import { readRows, writeRows } from "/rows.js";

const reconnect = { minMs: 10, baseMs: 20, capMs: 50 };
const limitMs = 10_000;

/** Resolves when `isDone` says so of what the stream gives, or when that takes too long. */
async function until(observable, isDone) {
  const leave = new AbortController();
  const timer = setTimeout(() => leave.abort(), limitMs);
  await new Promise((resolve) => {
    leave.signal.addEventListener("abort", resolve);
    const next = (value) => isDone(value) && resolve();
    observable.subscribe(next, { signal: leave.signal });
  });
  clearTimeout(timer);
  leave.abort();
}

const isAside = ({ state }) => state === "quarantined" || state === "unknown";

/** Stores actions, some of which may have been sent; resolves with them in their order. */
async function store({ url, name, below }) {
  const auth = { tab: name, isIgnored: true };
  const client = createClient(url, { autoConnect: false, reconnect, auth, outbox: { name } });
  const count = 4 + below(9);
  const actions = Array.from({ length: count }, (_, number) =>
    enqueue(client, name, below, number),
  );
  await Promise.all(actions.map(({ action }) => action.accepted));
  if (below(2) === 0) {
    void client.connect();
    await until(client.outbox.items, (items) => items.some(({ state }) => state === "sent"));
    client.outbox.pause();
  }
  // What the store was told before has been done when it has taken this.
  const last = enqueue(client, name, below, count);
  await last.action.accepted;
  client.destroy();
  return [...actions, last].map(({ action, lane }) => ({ key: action.id, lane }));
}

function enqueue(client, tab, below, number) {
  const lane = `lane ${below(3)}`;
  const action = client.with({ lane }).enqueue("save", { tab, number });
  action.result.catch(() => {}); // it ends with another client
  return { action, lane };
}

/** Goes on with what is stored; resolves when nothing changes any more, with what came of it. */
async function goOn({ url, name, below }) {
  const auth = { tab: name };
  const client = createClient(url, { autoConnect: false, reconnect, auth, outbox: { name } });
  const told = [];
  client.errors.subscribe(({ code, message }) => told.push(`${code}: ${message}`));
  const fresh = [1, 2, 3].map((number) => enqueue(client, name, below, 1_000 + number));
  const accepted = await Promise.allSettled(fresh.map(({ action }) => action.accepted));
  void client.connect();
  await until(client.outbox.items, (items) => items.every(isAside));
  const items = client.outbox.items.value.map(({ id, state }) => ({ key: id, state }));
  const { durability } = client.outbox;
  const kept = await untilRemoved(`sockeye:${name}`, items);
  client.destroy();
  return {
    ...{ told, items, durability, kept },
    fresh: fresh.map(({ action, lane }, index) => ({
      ...{ key: action.id, lane, code: accepted[index].reason?.code },
    })),
  };
}

/** Resolves with the actions that are stored when there are only `items`, or when that takes too long. */
async function untilRemoved(database, items) {
  const names = new Set(items.map(({ key }) => key));
  const end = performance.now() + limitMs;
  for (;;) {
    const { actions } = await readRows(database);
    const own = actions.filter(({ key }) => Array.isArray(key) && key[0] === '["/",""]');
    const kept = own.map(({ key }) => key[1]).filter((key) => typeof key === "string");
    if (kept.every((key) => names.has(key)) || performance.now() > end) return kept;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** One round; resolves with what was stored, what was damaged, and what came of it. */
export async function damageRound({ url, seed, name }) {
  const below = randomOf(seed);
  const stored = await store({ url, name, below });
  const database = `sockeye:${name}`;
  const { changes, fates, words } = chooseDamages(await readRows(database), below);
  await writeRows(database, changes);
  const result = await goOn({ url, name, below });
  indexedDB.deleteDatabase(database);
  return { stored, fates, words, ...result };
}
