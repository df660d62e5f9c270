/** The names of events that an application may send. */
import { isReserved } from "./packets.js";

/** Throws what socket.io throws. */
export function assertAllowed(event: string): void {
  if (isReserved(event)) throw new Error(`"${event}" is a reserved event name`);
}
