/** Reads what is stored, also where the browser itself cannot read some of it. */

import { StoreError } from "./indexedDbErrors.js";

/** What was read, or why the browser could not. */
export type Reading<Value> = { readonly value: Value } | { readonly failure: unknown };

/** A request that fails ends its transaction, unless that is prevented. */
export function attempt<Value>(request: IDBRequest<Value>): Promise<Reading<Value>> {
  return new Promise((resolve) => {
    request.onsuccess = () => resolve({ value: request.result });
    request.onerror = (event) => {
      event.preventDefault();
      event.stopPropagation();
      resolve({ failure: request.error });
    };
  });
}

/**
 * Returns what was read, `undefined` if it cannot be. A moment's failure is no damage: only what fails again, over
 * a new connection, is believed.
 */
export function valueOf<Value>(reading: Reading<Value>, isRepeated: boolean): Value | undefined {
  if ("value" in reading) return reading.value;
  if (isRepeated) return undefined;
  throw new DOMException(String(reading.failure), "UnknownError");
}

/**
 * Reads all records within `range`, in the order of its keys. If they cannot be read together they are read one by
 * one, and `undefined` stands for each that cannot.
 */
export async function readAll(
  source: IDBObjectStore | IDBIndex,
  range: IDBKeyRange,
  isRepeated: boolean,
): Promise<unknown[]> {
  const together = valueOf(await attempt<unknown[]>(source.getAll(range)), isRepeated);
  if (together) return together;
  const records = "objectStore" in source ? source.objectStore : source;
  const keys = await attempt<IDBValidKey[]>(source.getAllKeys(range));
  if (!("value" in keys)) {
    throw new StoreError("storage_failed", "the browser cannot read its database");
  }
  return Promise.all(
    keys.value.map(async (key) => valueOf(await attempt<unknown>(records.get(key)), true)),
  );
}
