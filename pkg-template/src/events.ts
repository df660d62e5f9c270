/** The types of event maps: the same form as `Socket<ListenEvents, EmitEvents>` of socket.io. */

// Listeners are declared by the application, so their parameters can be anything here.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Any = any;

type AnyFunction = (...args: Any[]) => unknown;

/** The map of an application that declares none: any event, any arguments. */
export type DefaultEvents = Record<string, (...args: Any[]) => void>;

/** The names of the events of a map. */
export type EventName<Events extends object> = Extract<keyof Events, string>;

/** The names of the events that the other side acknowledges. */
export type RequestName<Events extends object> = {
  [Name in EventName<Events>]: HasAck<Parameters<Events[Name]>> extends true ? Name : never;
}[EventName<Events>];

type Parameters<Listener> = Listener extends (...args: infer Args) => unknown ? Args : never;

/** `any` could be a function, too, but an argument declared so is data. */
type IsAck<Arg> = 0 extends 1 & Arg ? false : Arg extends AnyFunction ? true : false;

type Last<Args extends unknown[]> =
  Required<Args> extends [...unknown[], infer Arg] ? Arg : undefined;

/** The last parameter is the acknowledgement when it is a function. */
type HasAck<Args extends unknown[]> = number extends Args["length"] ? true : IsAck<Last<Args>>;

type WithoutAck<Args extends unknown[]> = number extends Args["length"]
  ? Args
  : IsAck<Last<Args>> extends true
    ? Args extends [...infer Rest, AnyFunction]
      ? Rest
      : WithoutOptional<Args>
    : Args;

/**
 * Takes an optional last parameter away, behind up to four others. A recursive type would do it behind
 * any number, but the compiler does not come to an end with it where the event map is a type parameter.
 */
type WithoutOptional<Args extends unknown[]> = Args extends [unknown?]
  ? []
  : Args extends [infer A, unknown?]
    ? [A]
    : Args extends [(infer A)?, unknown?]
      ? [A?]
      : Args extends [infer A, infer B, unknown?]
        ? [A, B]
        : Args extends [infer A, (infer B)?, unknown?]
          ? [A, B?]
          : Args extends [infer A, infer B, infer C, unknown?]
            ? [A, B, C]
            : Args extends [infer A, infer B, infer C, infer D, unknown?]
              ? [A, B, C, D]
              : Args;

type AckOf<Args extends unknown[]> = number extends Args["length"]
  ? Any
  : IsAck<Last<Args>> extends true
    ? ValueOf<Parameters<Last<Args>>>
    : never;

/** One argument stands for itself, several are a tuple, none is `undefined`. */
type ValueOf<Args extends unknown[]> = number extends Args["length"]
  ? Any
  : ValueOfLength<Args, Args["length"]>;

type ValueOfLength<Args extends unknown[], Length> = Length extends 0
  ? undefined
  : Length extends 1
    ? Args[0]
    : Args;

/** What is sent with an event: its listener's parameters without the acknowledgement. */
export type EventArguments<Events extends object, Name extends keyof Events> = WithoutAck<
  Parameters<Events[Name]>
>;

/** What a subscriber to an event gets: its one argument, otherwise the tuple of all. */
export type EventValue<Events extends object, Name extends keyof Events> = ValueOf<
  EventArguments<Events, Name>
>;

/** What the other side acknowledges an event with. */
export type AckValue<Events extends object, Name extends keyof Events> = AckOf<
  Parameters<Events[Name]>
>;

/** An event of any name of a map. */
export type AnyEvent<Events extends object = DefaultEvents> = {
  [Name in EventName<Events>]: {
    readonly event: Name;
    readonly args: Readonly<EventArguments<Events, Name>>;
  };
}[EventName<Events>];
