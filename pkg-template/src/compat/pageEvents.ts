/** Events of the page or worker that end connections. */

const offlineListeners = new Set<() => void>();
const hasEvents = typeof addEventListener === "function";

// Service workers only hear events whose listeners are added while their script is evaluated.
if (hasEvents) {
  addEventListener("offline", () => [...offlineListeners].forEach((listener) => listener()));
}

/** Calls `listener` whenever the network is lost; returns what ends that. */
export function onOffline(listener: () => void): () => void {
  offlineListeners.add(listener);
  return () => void offlineListeners.delete(listener);
}

/** Calls `listener` when the page is about to go; returns what ends that. */
export function onBeforeUnload(listener: () => void): () => void {
  if (!hasEvents) return () => {};
  addEventListener("beforeunload", listener);
  return () => removeEventListener("beforeunload", listener);
}
