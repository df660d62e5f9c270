/** Reads what is stored, also where the browser itself cannot read some of it. */

import { StoreError } from "./indexedDbErrors.js";

/** What was read; `undefined` in its place stands for a value that the browser cannot read. */
export type Reading<Value> = { readonly value: Value } | undefined;

/** A request that fails ends its transaction, unless that is prevented. */
export function attempt<Value>(request: IDBRequest<Value>): Promise<Reading<Value>> {
  return new Promise((resolve) => {
    request.onsuccess = () => resolve({ value: request.result });
    request.onerror = (event) => {
      event.preventDefault();
      event.stopPropagation();
      resolve(undefined);
    };
  });
}

/**
 * Reads all records within `range`, in the order of its keys. If they cannot be read together they are read one by
 * one, and `undefined` stands for each that cannot.
 */
export async function readAll(
  source: IDBObjectStore | IDBIndex,
  range: IDBKeyRange,
): Promise<unknown[]> {
  const together = await attempt<unknown[]>(source.getAll(range));
  if (together) return together.value;
  const records = "objectStore" in source ? source.objectStore : source;
  const keys = await attempt<IDBValidKey[]>(source.getAllKeys(range));
  if (!keys) throw new StoreError("storage_failed", "the browser cannot read its database");
  return Promise.all(
    keys.value.map(async (key) => (await attempt<unknown>(records.get(key)))?.value),
  );
}
