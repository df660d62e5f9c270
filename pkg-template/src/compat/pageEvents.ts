/** Events of the page or worker that end connections. */

/** Service workers only hear events whose listeners are added while their script is evaluated. */
const isServiceWorker = "ServiceWorkerGlobalScope" in globalThis;
const offlineListeners = new Set<() => void>();

if (isServiceWorker) {
  addEventListener("offline", () => [...offlineListeners].forEach((listener) => listener()));
}

/** Calls `listener` whenever the network is lost; returns what ends that. */
export function onOffline(listener: () => void): () => void {
  if (!isServiceWorker) return on("offline", listener);
  offlineListeners.add(listener);
  return () => void offlineListeners.delete(listener);
}

/** Calls `listener` when the page is about to go; returns what ends that. */
export const onBeforeUnload = (listener: () => void): (() => void) => on("beforeunload", listener);

function on(event: string, listener: () => void): () => void {
  if (typeof addEventListener !== "function") return () => {};
  addEventListener(event, listener);
  return () => removeEventListener(event, listener);
}
