/** What kinds of members there are, and what each is until the facade is there. */
import type { SockeyeError } from "../errors.js";
import type { Observable, StateObservable, Subscription } from "../observable.js";
import { LateStream } from "./lateStream.js";
import type { Queue } from "./queue.js";

/** An object of the facade that is there later. */
export interface Late<Real> {
  readonly queue: Queue;
  /** The object, if calls are made at once. */
  there(): Real | undefined;
  /** The object. Throws why there is none. */
  real(): Real;
}

/** Makes the member of this name. */
interface Kind<Member> {
  (late: Late<object>, name: string): PropertyDescriptor;
  /** Only for the type checker. */
  readonly of?: Member;
}

/** The kind of each public member: one that is forgotten does not compile. */
export type Kinds<Real, Others = never> = {
  readonly [Name in Exclude<keyof Real, Others>]: Kind<Real[Name]>;
};

type Callable = Record<string, (...args: unknown[]) => unknown>;

const method =
  (otherwise: (queue: Queue, run: () => never) => unknown) =>
  (late: Late<object>, name: string): PropertyDescriptor => ({
    value: (...args: unknown[]) => {
      const run = () => (late.real() as Callable)[name]?.(...args) as never;
      return late.there() ? run() : otherwise(late.queue, run);
    },
  });

const getter =
  (otherwise: (queue: Queue, read: () => never) => unknown) =>
  (late: Late<object>, name: string): PropertyDescriptor => ({
    get: () => {
      const read = () => (late.real() as Record<string, never>)[name] as never;
      return late.there() ? read() : otherwise(late.queue, read);
    },
  });

/** Waits for its turn, and gives nothing back. */
export const command: Kind<(...args: unknown[]) => void> = method((queue, run) => {
  queue.add(run);
});

/** Waits for its turn, and gives a promise. */
export const asked: Kind<(...args: unknown[]) => Promise<never>> = method((queue, run) =>
  queue.ask(run),
);

/** A promise. */
export const promise: Kind<Promise<never>> = getter((queue, read) => queue.ask(read));

/** Waits for its turn, and can be taken back. */
export const held: Kind<(...args: unknown[]) => Subscription> = method((queue, run) =>
  queue.subscribe(run),
);

/** Gives a stream. */
export const stream: Kind<(...args: unknown[]) => Observable<never>> = method(
  (queue, run) => new LateStream(queue, run),
);

/** A stream of states, whose value is this until then. */
export const state =
  <Value>(known: Value): Kind<StateObservable<Value>> =>
  (late, name) => ({
    value: new LateStream(
      late.queue,
      () => (late.real() as Record<string, StateObservable<Value>>)[name] as never,
      [known],
    ),
  });

/** Is this until then. */
export const value = <Value>(known: Value): Kind<Value> => getter(() => known);

/** Returns what this does until then. */
export const answer = <Value>(read: () => Value): Kind<(...args: unknown[]) => Value> =>
  method(read);

/**
 * Gives `target` the members of an object that `make` gives when its turn comes. `end` is told if it cannot be
 * made. Throws if that is known by now.
 */
export function stand<Real extends object>(
  target: object,
  queue: Queue,
  kinds: object,
  make: () => Real,
  end?: (error: SockeyeError) => void,
): Late<Real> {
  let real: Real | undefined;
  let failure: unknown;
  if (queue.error) throw queue.error;
  queue.add(
    () => (real = make()),
    (error) => {
      failure = error;
      end?.(error as SockeyeError);
    },
  );
  const late = {
    queue,
    there: () => (queue.isOver ? real : undefined),
    real: () => {
      if (real) return real;
      throw failure;
    },
  };
  for (const [name, kind] of Object.entries(kinds as Record<string, Kind<never>>)) {
    Object.defineProperty(target, name, kind(late as Late<object>, name));
  }
  return late;
}
