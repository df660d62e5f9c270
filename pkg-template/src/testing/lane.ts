/**
 * One direction of a connection: messages go through in order, each in a turn of its own, and faults happen to them.
 *
 * Turns are those of promises, which fake timers leave alone. Timers are only set for delays that a fault asks for.
 */
import type { Fault, Verdict } from "./faultRules.js";
import { callSafely } from "./emitter.js";
import { type Frame, type Unit, UnitAssembler } from "./frames.js";

/** What a lane needs. */
export interface LaneOptions {
  /** Says what happens to a unit; asked once for each. */
  judge(unit: Unit): Verdict | undefined;
  /** What goes through arrives. */
  deliver(unit: Unit): void;
  /** A fault that is more than the lane's: it concerns both directions, or the server. */
  perform(fault: Fault, unit: Unit): void;
}

interface Waiting {
  readonly unit: Unit;
  /** It has been judged, and waited as long as it had to. */
  readonly isFree: boolean;
}

export class Lane {
  readonly #options: LaneOptions;
  readonly #assembler = new UnitAssembler();
  #queue: Waiting[] = [];
  /** It goes through after the next. */
  #overtaken: Unit | undefined;
  /** Everything waits while there is one. */
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isStalled = false;
  #isMoving = false;
  #isClosed = false;
  /** No fault happens any more. */
  #isHonest = false;
  /** What is still being read, and what was sent after it. */
  #reading: Promise<void> | undefined;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /** Sends a message; what follows a promise of one waits for it. */
  send(frame: Frame | Promise<Frame>): void {
    if (!this.#reading && !(frame instanceof Promise)) {
      this.#addFrame(frame);
      return;
    }
    const reading = Promise.all([frame, this.#reading]).then(([whole]) => this.#addFrame(whole));
    this.#reading = reading;
    void reading.then(() => {
      if (this.#reading === reading) this.#reading = undefined;
    });
  }

  /** Nothing that is sent arrives. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Nothing is sent any more; the receiver learns it after everything else. */
  end(): void {
    const end = () => this.#add([...this.#assembler.rest(), { frames: [], isEnd: true }]);
    if (this.#reading) void this.#reading.then(end);
    else end();
  }

  /** Nothing goes through until {@link release}. */
  stall(): void {
    this.#isStalled = true;
  }

  /** Lets everything go on. */
  release(): void {
    this.#isStalled = false;
    this.#move();
  }

  /** What is on its way is lost. */
  close(): void {
    this.#isClosed = true;
    this.#queue = [];
    clearTimeout(this.#timer);
  }

  /** Lets through what waits, without any more faults. */
  finish(): void {
    this.#isHonest = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.release();
  }

  #addFrame(frame: Frame): void {
    this.#add(this.#assembler.add(frame));
  }

  #add(units: readonly Unit[]): void {
    if (this.#isClosed) return;
    this.#queue.push(...units.map((unit) => ({ unit, isFree: false })));
    this.#move();
  }

  #move(): void {
    if (this.#isMoving) return;
    this.#isMoving = true;
    void this.#moveAll();
  }

  async #moveAll(): Promise<void> {
    await Promise.resolve();
    while (this.#queue.length > 0 && !this.#isStalled && this.#timer === undefined) {
      const [next, ...rest] = this.#queue as [Waiting, ...Waiting[]];
      this.#queue = rest;
      // The lane goes on whatever a receiver throws.
      callSafely(() => this.#moveOne(next));
      await Promise.resolve();
    }
    this.#isMoving = false;
  }

  #moveOne({ unit, isFree }: Waiting): void {
    const verdict = isFree || this.#isHonest ? undefined : this.#options.judge(unit);
    if (verdict) this.#apply(verdict.fault, unit);
    else this.#deliver(unit);
  }

  #apply(fault: Fault, unit: Unit): void {
    if (fault === "pass") this.#deliver(unit);
    else if (fault === "duplicate") [unit, unit].forEach((each) => this.#deliver(each));
    else if (fault === "drop") return;
    else if (typeof fault !== "object") this.#options.perform(fault, unit);
    else if ("reorder" in fault) this.#letOvertake(unit);
    else if ("stall" in fault) this.#holdBack(unit);
    else if ("delay" in fault) this.#delay(unit, fault.delay.ms);
    else if ("replace" in fault) this.#deliver({ frames: [fault.replace.text] });
    else this.#options.perform(fault, unit);
  }

  /** One that is overtaken already goes first. */
  #letOvertake(unit: Unit): void {
    this.#deliverOvertaken();
    this.#overtaken = unit;
  }

  #holdBack(unit: Unit): void {
    this.#putBack(unit);
    this.stall();
  }

  #delay(unit: Unit, ms: number): void {
    this.#putBack(unit);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#move();
    }, ms);
  }

  #putBack(unit: Unit): void {
    this.#queue = [{ unit, isFree: true }, ...this.#queue];
  }

  #deliver(unit: Unit): void {
    if (this.#isClosed) return;
    if (unit.isEnd) this.#deliverOvertaken();
    this.#options.deliver(unit);
    this.#deliverOvertaken();
  }

  #deliverOvertaken(): void {
    const unit = this.#overtaken;
    this.#overtaken = undefined;
    if (unit && !this.#isClosed) this.#options.deliver(unit);
  }
}
