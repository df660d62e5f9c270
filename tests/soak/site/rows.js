/** The rows of a client's database, by a connection of its own. */

const names = ["partitions", "actions", "payloads", "tokens", "reserve"];

/** Resolves with the result of a request. */
const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** Calls `work` with a transaction on all of the database; resolves with what it returns when that is complete. */
async function transact(database, mode, work) {
  const connection = await done(indexedDB.open(database));
  try {
    const tx = connection.transaction(names, mode);
    const complete = new Promise((resolve, reject) => {
      tx.oncomplete = resolve;
      tx.onabort = () => reject(tx.error);
    });
    const result = await work(tx);
    await complete;
    return result;
  } finally {
    connection.close();
  }
}

/** Resolves with the rows of a store: `{ key, value }`. */
async function rowsOf(tx, name) {
  const store = tx.objectStore(name);
  const [keys, values] = await Promise.all([done(store.getAllKeys()), done(store.getAll())]);
  return keys.map((key, index) => ({ key, value: values[index] }));
}

/** Resolves with all rows, by store. */
export const readRows = (database) =>
  transact(database, "readonly", async (tx) => {
    const all = await Promise.all(names.map(async (name) => [name, await rowsOf(tx, name)]));
    return Object.fromEntries(all);
  });

/** Writes what `changes` say: `{ store, key, value }`, without a `value` to remove the row. */
export const writeRows = (database, changes) =>
  transact(database, "readwrite", (tx) => {
    for (const change of changes) {
      const store = tx.objectStore(change.store);
      if ("value" in change) store.put(change.value, change.key);
      else store.delete(change.key);
    }
  });
