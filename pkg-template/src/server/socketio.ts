/**
 * What is used of socket.io.
 *
 * Its own types depend on the application's events; these here do not.
 */

/** Calls the next middleware, or ends with an error. */
export type Next = (error?: Error) => void;
/** An event: its name and its arguments. */
export type Event = [string, ...unknown[]];

/** A middleware for events. */
export type Middleware = (event: Event, next: Next) => void;

/** The server's side of a socket. */
export interface ServerSocket {
  readonly id: string;
  readonly connected: boolean;
  readonly rooms: ReadonlySet<string>;
  readonly nsp: { readonly name: string };
  use(middleware: Middleware): unknown;
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  emit(event: string, ...args: unknown[]): unknown;
  join(room: string): Promise<void> | void;
  rawListeners(event: string): ((...args: unknown[]) => unknown)[];
}

/** Where events can be sent. */
export interface Target {
  emit(event: string, ...args: unknown[]): unknown;
}

/** A namespace. */
export interface ServerNamespace extends Target {
  readonly name: string;
  readonly local: Target;
  to(room: string): Target;
  use(middleware: (socket: ServerSocket, next: Next) => void): unknown;
  on(event: "connection", listener: (socket: ServerSocket) => void): unknown;
}

/** Runs the middlewares one after the other, as socket.io does. */
export function runAll(middlewares: readonly Middleware[], event: Event, end: Next): void {
  const [first, ...rest] = middlewares;
  if (!first) {
    end();
    return;
  }
  first(event, (error) => (error ? end(error) : runAll(rest, event, end)));
}
