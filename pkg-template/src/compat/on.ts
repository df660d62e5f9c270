/** Subscriptions that are ended by calling what the subscribing returned. */

type AnyListener = (...args: never[]) => void;

interface Source<Name extends string, Listener extends AnyListener> {
  on(event: Name, listener: Listener): unknown;
  off(event: Name, listener: Listener): unknown;
}

/** Adds a listener and returns what removes it. */
export function on<Name extends string, Listener extends AnyListener>(
  source: Source<Name, Listener>,
  event: Name,
  listener: Listener,
): () => void {
  source.on(event, listener);
  return () => void source.off(event, listener);
}
