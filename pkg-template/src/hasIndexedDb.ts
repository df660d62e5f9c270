/** Says whether there is a database here. Some browsers throw where storage is forbidden. */
export function hasIndexedDb(): boolean {
  try {
    return (globalThis as { indexedDB?: unknown }).indexedDB !== undefined;
  } catch {
    return false;
  }
}
