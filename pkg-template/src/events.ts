/** The types of event maps: the same form as `Socket<ListenEvents, EmitEvents>` of socket.io. */

// Listeners are declared by the application, so their parameters can be anything here.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Any = any;

type AnyFunction = (...args: Any[]) => unknown;

/** The map of an application that declares none: any event, any arguments. */
export type DefaultEvents = Record<string, (...args: Any[]) => void>;

/** The names of the events of a map. */
export type EventName<Events extends object> = Extract<keyof Events, string>;

type Parameters<Listener> = Listener extends (...args: infer Args) => unknown ? Args : never;

/** The last parameter is the acknowledgement when it is a function. */
type WithoutAck<Args extends unknown[]> = number extends Args["length"]
  ? Args
  : Args extends [...infer Rest, AnyFunction]
    ? Rest
    : Args;

type AckOf<Args extends unknown[]> = number extends Args["length"]
  ? Any
  : Args extends [...unknown[], infer Ack]
    ? Ack extends AnyFunction
      ? ValueOf<Parameters<Ack>>
      : never
    : never;

/** One argument stands for itself, several are a tuple, none is `undefined`. */

type ValueOf<Args extends unknown[]> = number extends Args["length"]
  ? Any
  : Args extends []
    ? undefined
    : Args extends [infer Only]
      ? Only
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
