/** The types of what a mock server's sockets send and hear: event maps as those of socket.io. */
import type { EventArguments } from "../events.js";

// Events and their payloads are the application's, so anything can be in them.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Any = any;

/** What is given to a listener. */
export type ArgumentsOf<Events extends object, Name extends keyof Events> = Events[Name] extends (
  ...args: infer Args
) => unknown
  ? Args
  : never;

/** What the other side acknowledges an event with, first of all. */
export type FirstAnswer<Events extends object, Name extends keyof Events> =
  Required<ArgumentsOf<Events, Name>> extends [
    ...unknown[],
    (first: infer Answer, ...others: Any[]) => unknown,
  ]
    ? Answer
    : Any;

/** What an event is sent with after `timeout()`: its acknowledgement gets an error first. */
export type TimedArguments<Events extends object, Name extends keyof Events> =
  ArgumentsOf<Events, Name> extends [...infer Head, (...answers: infer Answers) => unknown]
    ? [...Head, (error: Error | null, ...answers: Answers) => void]
    : ArgumentsOf<Events, Name>;

/** What an event is sent with to many: its acknowledgement gets an error, and the answers of all. */
export type BroadcastArguments<Events extends object, Name extends keyof Events> =
  ArgumentsOf<Events, Name> extends [...infer Head, (...answers: Any[]) => unknown]
    ? [...Head, (error: Error | null, answers: FirstAnswer<Events, Name>[]) => void]
    : ArgumentsOf<Events, Name>;

/** What is sent without an acknowledgement. */
export type PlainArguments<Events extends object, Name extends keyof Events> = EventArguments<
  Events,
  Name
>;

/** Why the server has no connection to a socket any more. */
export type ServerDisconnectReason =
  | "client namespace disconnect"
  | "server namespace disconnect"
  | "server shutting down"
  | "forced close"
  | "ping timeout"
  | "transport close"
  | "transport error"
  | "parse error";

/** The events that a socket of a mock server emits by itself. */
export interface SocketReserved {
  /** It is disconnected; it still is in its rooms. */
  disconnecting: (reason: ServerDisconnectReason) => void;
  /** It is disconnected. */
  disconnect: (reason: ServerDisconnectReason) => void;
  /** A middleware of it has refused an event, or a message was none. */
  error: (error: Error) => void;
}

/** A listener to an event of the application, or to one that the socket emits by itself. */
export type ListenerOf<
  Events extends object,
  Reserved extends object,
  Name extends PropertyKey,
> = Name extends keyof Reserved ? Reserved[Name] : Name extends keyof Events ? Events[Name] : never;

/** How a client has introduced itself. */
export interface Handshake {
  /** What came with its CONNECT: the option `auth` of the client. */
  auth: Record<string, Any>;
  /** The parameters of the address. */
  query: Record<string, string>;
  /** The headers, if the client's platform gives any; names in small letters. */
  headers: Record<string, string>;
  /** Path and parameters. */
  url: string;
  /** When it came, as a text. */
  time: string;
  /** When it came, in milliseconds. */
  issued: number;
  /** Always `mock`: nobody comes over a network. */
  address: string;
  /** Whether the address began with `wss:`. */
  secure: boolean;
  /** Whether there was a header `origin`. */
  xdomain: boolean;
}

/** Goes on, or ends with an error. */
export type Next = (error?: Error & { data?: unknown }) => void;

/** A middleware for the events of a socket. */
export type EventMiddleware = (event: [string, ...Any[]], next: Next) => void;
