/** Who hears the events of one namespace, and who answers them. */
import type { EventNumbers } from "./eventNumbers.js";
import { fail } from "./errors.js";
import type { AnyEvent } from "./events.js";
import { Observable, Subject, type Subscription } from "./observable.js";
import { type Pace, pace, type PacedObserver } from "./pacing.js";
import { toValue } from "./toValue.js";

type Responder = (value: unknown) => unknown;

interface Channel {
  subject: Subject<unknown>;
  responder: Responder | undefined;
  /** What waits for the first subscriber, and how much of it may: each who holds it says. */
  held?: { values: unknown[]; limits: number[] } | undefined;
}

export class Channels {
  readonly #numbers: EventNumbers;
  readonly #report: (error: unknown) => void;
  readonly #channels = new Map<number, Channel>();
  readonly #any: Subject<AnyEvent>;
  #completed = false;
  /** Whether a listener has thrown since the last event came. */
  #hasThrown = false;

  constructor(numbers: EventNumbers, report: (error: unknown) => void) {
    this.#numbers = numbers;
    this.#report = (error) => {
      this.#hasThrown = true;
      report(error);
    };
    this.#any = new Subject(this.#report);
  }

  /** Returns the events of this name, each as one value. */
  on(event: string): Observable<unknown> {
    return new Observable((observer) => {
      if (this.#completed) {
        this.#any.finish(observer);
        return () => {};
      }
      const { channel, release } = this.#open(event, (observer as PacedObserver)[pace]);
      const remove = channel.subject.add(observer);
      for (const value of channel.held?.values.splice(0) ?? [])
        channel.subject.tell(observer, value);
      return () => {
        remove();
        release();
      };
    });
  }

  /** Returns all events. */
  onAny(): Observable<AnyEvent> {
    return new Observable((observer) => {
      this.#numbers.retainAny();
      const remove = this.#any.add(observer);
      return () => {
        remove();
        this.#numbers.releaseAny();
      };
    });
  }

  /** Throws `responder_exists`. */
  respond(event: string, responder: Responder): Subscription {
    const { channel, release } = this.#open(event);
    if (channel.responder) {
      release();
      const hint = "an event has one answer; unsubscribe the other responder first";
      throw fail("responder_exists", `"${event}" has a responder already`, hint);
    }
    channel.responder = responder;
    return new Observable<never>((observer) => {
      const remove = channel.subject.add({ complete: () => observer.complete?.() });
      return () => {
        channel.responder = undefined;
        remove();
        release();
      };
    }).subscribe({});
  }

  /** Keeps up to `max` events of this name while nobody subscribes to them. */
  hold(event: string, max: number): Subscription {
    const { channel, release } = this.#open(event);
    const held = (channel.held ??= { values: [], limits: [] });
    held.limits.push(max);
    return new Observable<never>(() => () => {
      held.limits.splice(held.limits.indexOf(max), 1);
      if (held.limits.length === 0) channel.held = undefined;
      release();
    }).subscribe({});
  }

  /**
   * Tells who listens to the event with this number, first those who listen to all.
   *
   * `args` starts with the event's name. `answer` is told who answers, if anybody does by then. Returns
   * whether no listener threw.
   */
  deliver(
    event: number,
    args: readonly unknown[],
    answer: ((responder: Responder, value: unknown) => unknown) | undefined,
  ): boolean {
    this.#hasThrown = false;
    if (this.#any.isObserved) this.#any.next({ event: String(args[0]), args: args.slice(1) });
    const channel = this.#channels.get(event);
    if (channel) this.#tell(channel, args, answer);
    return !this.#hasThrown;
  }

  #tell(
    channel: Channel,
    args: readonly unknown[],
    answer: ((responder: Responder, value: unknown) => unknown) | undefined,
  ): void {
    const value = toValue(args, 1);
    const { held, subject } = channel;
    if (held && !subject.isObserved) {
      if (held.values.push(value) > Math.max(...held.limits)) held.values.shift();
    } else subject.next(value);
    if (channel.responder) answer?.(channel.responder, value);
  }

  /** No further event comes. */
  complete(): void {
    this.#completed = true;
    const channels = [...this.#channels.values()];
    this.#any.complete();
    for (const { subject } of channels) subject.complete();
    this.#channels.clear();
  }

  #open(name: string, pace?: Pace): { channel: Channel; release: () => void } {
    const event = this.#numbers.retain(name, pace);
    const opened = this.#channels.get(event) ?? {
      subject: new Subject<unknown>(this.#report),
      responder: undefined,
    };
    this.#channels.set(event, opened);
    const release = () => {
      if (!opened.subject.isObserved && !opened.responder && !opened.held)
        this.#channels.delete(event);
      this.#numbers.release(name, pace);
    };
    return { channel: opened, release };
  }
}
