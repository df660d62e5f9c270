/** The types of `socket.io-client` that a socket's users write down. */

/** What is in an event. */
// Events and their payloads are the application's, so anything can be in them.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Any = any;

/** A listener to any event. */
export type AnyListener = (...args: Any[]) => void;

type PrependTimeoutError<Args extends Any[]> = {
  [K in keyof Args]: Args[K] extends (...args: infer Params) => infer Result
    ? (err: Error, ...args: Params) => Result
    : Args[K];
};

/**
 * Adds the error to the acknowledgements of an event map, which they get first after `timeout()`.
 *
 * @example
 * interface Events {
 *   "my-event": (ack: (value: string) => void) => void;
 * }
 * socket.timeout(1000).emit("my-event", (err, value) => {});
 */
export type DecorateAcknowledgements<Events> = {
  [K in keyof Events]: Events[K] extends (...args: infer Params) => infer Result
    ? (...args: PrependTimeoutError<Params>) => Result
    : Events[K];
};

/** The type of the last of some arguments. */
export type Last<Args extends Any[]> = Args extends [...Any[], infer LastArg] ? LastArg : Any;

/** The types of some arguments without the last. */
export type AllButLast<Args extends Any[]> = Args extends [...infer Head, Any] ? Head : Any[];

/** The type of the first parameter of a function. */
export type FirstArg<Listener> = Listener extends (arg: infer Param) => Any ? Param : Any;

/** What is sent with the CONNECT packet: a value, or a function that is asked each time. */
export type Auth = Record<string, Any> | ((cb: (data: object) => void) => void);

/** The options of one namespace. */
export interface SocketOptions {
  /** The credentials for the namespace. */
  auth?: Auth;
  /**
   * How often an event is sent again that the server does not acknowledge. Above the limit it is
   * discarded. Events go one by one, each waits for the acknowledgement of the one before.
   */
  retries?: number;
  /** How long to wait for an acknowledgement, in milliseconds. */
  ackTimeout?: number;
}

/** What is known about the end of a connection. */
export type DisconnectDescription =
  | Error
  | {
      description: string;
      context?: unknown;
    };

/** An error with what the server's middleware says about it. */
export interface ExtendedError extends Error {
  data?: Any;
}

/** Why a socket was disconnected. */
export type Reason =
  | "io server disconnect"
  | "io client disconnect"
  | "ping timeout"
  | "transport close"
  | "transport error"
  | "parse error";

/** The events that a socket emits by itself. */
export interface SocketReservedEvents {
  /** The server has let the socket in. */
  connect: () => void;
  /** An attempt has failed, or the server has refused the socket. */
  connect_error: (err: ExtendedError) => void;
  /** Disconnected, and why. */
  disconnect: (reason: Reason, description?: DisconnectDescription) => void;
}

/** How one event is sent. */
export interface Flags {
  compress?: boolean;
  volatile?: boolean;
  timeout?: number;
}
