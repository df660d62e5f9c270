/** Events and requests that wait while the core is being loaded. */
import type { ErrorData } from "./errors.js";
import type { CorePort } from "./port.js";
import { bufferFull, MAX_LENGTH, MAX_SENDS } from "./sendBounds.js";
import { lengthOf, type Outgoing } from "./serialize.js";

/** Something that was sent before the core was there. */
export interface Send {
  outgoing: Outgoing;
  run: (core: CorePort) => ErrorData | undefined;
  /** The number of the request, if it is one. */
  request?: number;
}

export class SendQueue {
  #sends: Send[] = [];
  #length = 0;

  /** Adds at the end; returns the error if there is no room. */
  push(send: Send): ErrorData | undefined {
    const length = this.#length + lengthOf(send.outgoing);
    if (this.#sends.length >= MAX_SENDS || length > MAX_LENGTH) return bufferFull;
    this.#sends.push(send);
    this.#length = length;
    return undefined;
  }

  /** Takes out what is not to be sent any more. */
  remove(request: number): void {
    this.#replace(this.#sends.filter((send) => send.request !== request));
  }

  /** Takes out all requests; returns their numbers. Events stay. */
  removeRequests(): number[] {
    const requests = this.#sends.flatMap(({ request }) => request ?? []);
    this.#replace(this.#sends.filter(({ request }) => request === undefined));
    return requests;
  }

  /** Takes out everything, oldest first. */
  drain(): Send[] {
    const sends = this.#sends;
    this.#replace([]);
    return sends;
  }

  #replace(sends: Send[]): void {
    this.#sends = sends;
    this.#length = sends.reduce((sum, { outgoing }) => sum + lengthOf(outgoing), 0);
  }
}
