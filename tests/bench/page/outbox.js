/** The outbox in the browser's database, and that database alone. */
import { createClient } from "sockeye-client/inline";

/** As many actions share a transaction as the outbox puts into one at most. */
const BATCH = 500;

const text = "lorem ipsum ".repeat(10);
const payload = (number) => ({ orderId: `order-${number}`, amount: number % 1_000, text });
const address = (url, name, outbox = {}) =>
  createClient(url, { autoConnect: false, outbox: { name, ...outbox } });

/** Milliseconds from the first of `count` calls until the last action is stored. */
async function enqueue({ url, name, count }) {
  const client = address(url, name);
  await client.enqueue("save", payload(0)).accepted; // the core is loaded, the database open
  if (client.outbox.durability !== "strict") throw new Error("the database does not work");
  const start = performance.now();
  const actions = Array.from({ length: count - 1 }, (_, index) =>
    client.enqueue("save", payload(index + 1)),
  );
  const called = performance.now() - start;
  await Promise.all(actions.map(({ accepted }) => accepted));
  return { called, stored: performance.now() - start };
}

/** Milliseconds from the client's start until `count` actions of the page before are known. */
async function restore({ url, name, count }) {
  const client = address(url, name);
  client.outbox.pause();
  const start = performance.now();
  void client.connect();
  await untilItems(client, count);
  return performance.now() - start;
}

/** Milliseconds from `resume` until the server has answered `count` actions and none is stored. */
async function drain({ url, name, count }) {
  const client = address(url, name);
  client.outbox.pause();
  await client.connect();
  await untilItems(client, count);
  client.outbox.resume();
  const start = performance.now();
  await untilItems(client, 0);
  return performance.now() - start;
}

function untilItems(client, count) {
  return new Promise((resolve) => {
    const leave = new AbortController();
    const next = ({ length }) => {
      if (length !== count) return;
      leave.abort();
      resolve();
    };
    client.outbox.items.subscribe(next, { signal: leave.signal });
  });
}

/** The same records by hand: two object stores, transactions of {@link BATCH}. */
async function writeBare({ name, count }) {
  const database = await openBare(name);
  const start = performance.now();
  for (let first = 0; first < count; first += BATCH) {
    const transaction = database.transaction(["actions", "payloads"], "readwrite", {
      durability: "strict",
    });
    for (let number = first; number < Math.min(first + BATCH, count); number += 1) {
      const key = ["partition", crypto.randomUUID()];
      transaction.objectStore("actions").add(record(key, number), key);
      const body = JSON.stringify(["save", payload(number)]);
      transaction.objectStore("payloads").put({ body }, key);
    }
    await ended(transaction);
  }
  const elapsed = performance.now() - start;
  database.close();
  return elapsed;
}

/** Reads the records, without what they send. */
async function readBare({ name, count }) {
  const database = await openBare(name);
  const start = performance.now();
  const request = database.transaction("actions").objectStore("actions").getAll();
  await new Promise((resolve, reject) => {
    request.onsuccess = resolve;
    request.onerror = () => reject(request.error);
  });
  const elapsed = performance.now() - start;
  if (request.result.length !== count) throw new Error(`${request.result.length} records`);
  database.close();
  return elapsed;
}

const record = ([, key], order) => ({
  ...{ v: 1, key, event: "save", lane: "default", bytes: 180, attachmentCount: 0, order },
  ...{ ackTimeoutMs: 10_000, resend: true, kills: 0, storedAtMs: performance.now() },
  waiting: ["partition", "default", order],
});

function openBare(name) {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(`bare ${name}`, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("actions").createIndex("waiting", "waiting");
      request.result.createObjectStore("payloads");
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function ended(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error);
  });
}

const measurements = { enqueue, restore, drain, writeBare, readBare };

globalThis.measure = (name, scope) => measurements[name](scope);
