/** Subscriptions that are ended by calling what the subscribing returned. */
import type {
  Emitter,
  EventsMap,
  ReservedOrUserEventNames,
  ReservedOrUserListener,
} from "@socket.io/component-emitter";
import type { NoEvents } from "./noEvents.js";

/** Adds a listener and returns what removes it. */
export function on<
  Events extends EventsMap,
  Name extends ReservedOrUserEventNames<Events, NoEvents>,
>(
  source: Emitter<NoEvents, NoEvents, Events>,
  event: Name,
  listener: ReservedOrUserListener<Events, NoEvents, Name>,
): () => void {
  source.on(event, listener);
  return () => void source.off(event, listener);
}
