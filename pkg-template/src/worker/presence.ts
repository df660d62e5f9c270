/** By what a worker of several pages knows that this one is there. */
import type { Courier } from "./courier.js";
import { HeldLock } from "./heldLock.js";
import type { Call } from "./messages.js";

export class Presence {
  readonly #courier: Courier<Call>;
  readonly #lock: HeldLock;

  /** `tab` names the lock that the page holds as long as it is there. */
  constructor(tab: string, courier: Courier<Call>) {
    this.#courier = courier;
    const handleHeld = () => {
      courier.add(["present", tab]);
      courier.resume();
    };
    this.#lock = new HeldLock(tab, handleHeld, () => courier.resume());
  }

  /** The worker hears nothing of the page before it can know when that has gone. */
  arrive(): void {
    if (this.#lock.isHeld) return;
    this.#courier.pause();
    this.#lock.hold();
  }

  leave(): void {
    this.#lock.release();
  }
}
