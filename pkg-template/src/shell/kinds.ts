/** What kinds of members there are, and what each is until the facade is there. */
import type { SockeyeError } from "../errors.js";
import type { Observable, StateObservable, Subscription } from "../observable.js";
import { LateStream } from "./lateStream.js";
import type { Queue } from "./queue.js";

/** An object of the facade that is there later. */
export interface Late<Real> {
  /** The object, if calls are made at once. */
  there: () => Real | undefined;
  /** The object. Throws why there is none. */
  real: () => Real;
}

/** Makes the member of this name. */
interface Kind<Member> {
  (queue: Queue, late: Late<object>, name: string): PropertyDescriptor;
  /** Only for the type checker. */
  readonly of?: Member;
}

/** The kind of each public member: one that is forgotten does not compile. */
export type Kinds<Real, Others = never> = {
  readonly [Name in Exclude<keyof Real, Others>]: Kind<Real[Name]>;
};

/** Does what was asked of the object that is there now, with the same arguments if no others are given. */
type Run = (given?: readonly unknown[]) => never;

type Callable = Record<string, (...args: unknown[]) => unknown>;

/** Does this until then. */
export const method =
  <Args extends unknown[], Value>(
    otherwise: (queue: Queue, run: Run, ...args: Args) => Value,
  ): Kind<(...args: Args) => Value> =>
  (queue, late, name) => ({
    value: (...args: Args) => {
      const run: Run = (given = args) => (late.real() as Callable)[name]?.(...given) as never;
      return late.there() ? run() : otherwise(queue, run, ...args);
    },
  });

/** Is what this gives until then. */
export const getter =
  (otherwise: (queue: Queue, read: () => never) => unknown): Kind<never> =>
  (queue, late, name) => ({
    get: () => {
      const read = () => (late.real() as Record<string, never>)[name] as never;
      return late.there() ? read() : otherwise(queue, read);
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
  (queue, run) => new LateStream(queue, run) as unknown as Observable<never>,
);

/** A stream of states, whose value is this until then. */
export const state =
  <Value>(known: Value): Kind<StateObservable<Value>> =>
  (queue, late, name) => ({
    value: new LateStream(queue, () => (late.real() as Record<string, never>)[name] as never, [
      known,
    ]),
  });

/** Is this until then. */
export const value = <Value>(known: Value): Kind<Value> => getter(() => known);

/** Has what it is given called in its turn. */
type Add = (run: (given: never) => unknown, end: (error: SockeyeError) => void) => unknown;

/**
 * Gives `target` the members of an object that `make` gives when its turn comes. `end` is told if it cannot be
 * made. Throws if that is known by now.
 */
export function stand<Real extends object>(
  target: object,
  queue: Queue,
  kinds: object,
  make: (given: never) => Real,
  end?: (error: SockeyeError) => void,
  add: Add = (run, end) => queue.add(run as () => Real, end),
): Late<Real> {
  let real: Real | undefined;
  let failure: SockeyeError | undefined;
  if (queue.error) throw queue.error;
  const late = define(target, queue, kinds, {
    there: () => (queue.isOver ? real : undefined),
    real: () => {
      if (real) return real;
      throw (failure ?? queue.error) as SockeyeError;
    },
  });
  add(
    (given) => (real = make(given)),
    (error) => {
      failure = error;
      end?.(error);
    },
  );
  return late;
}

/** Gives `target` the members of an object that is there later. */
export function define<Real extends object>(
  target: object,
  queue: Queue,
  kinds: object,
  late: Late<Real>,
): Late<Real> {
  for (const [name, kind] of Object.entries(kinds as Record<string, Kind<never>>)) {
    Object.defineProperty(target, name, kind(queue, late, name));
  }
  return late;
}
