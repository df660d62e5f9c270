/** An action on its way to the application: through its middlewares to its handlers. */
import { ActionRejected } from "./rejected.js";
import { type Event, type Middleware, runAll, type ServerSocket } from "./socketio.js";

/** Ends an action with the arguments of its acknowledgement. */
export type Acknowledge = (...args: unknown[]) => void;

/** An action's event, and who sees it. */
export interface Dispatch {
  /** Without an acknowledgement. */
  readonly event: Event;
  readonly middlewares: readonly Middleware[];
  /** Told when a middleware ends it with an error, as socket.io is. */
  readonly vetoed: (error: Error) => void;
  /** Told of errors that come after the acknowledgement. */
  readonly report: (error: unknown) => void;
  /** Gives the event, which has an acknowledgement, to the application. */
  readonly run: (event: Event, acknowledge: Acknowledge, fail: (error: unknown) => void) => void;
}

/** Resolves with the arguments of the acknowledgement; rejects with the first error. */
export function dispatch({
  event,
  middlewares,
  vetoed,
  report,
  run,
}: Dispatch): Promise<readonly unknown[]> {
  let isOver = false;
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => {
      if (isOver) {
        report(error);
        return;
      }
      isOver = true;
      reject(error instanceof Error ? error : new Error(String(error)));
    };
    const acknowledge: Acknowledge = (...args) => {
      if (args[0] instanceof ActionRejected) {
        fail(args[0]);
        return;
      }
      isOver = true;
      resolve(args);
    };
    const whole: Event = [...event, acknowledge];
    let hasPassed = false;
    runAll(middlewares, whole, (error) => {
      // A middleware that goes on twice does not have the work done twice.
      if (hasPassed) return;
      hasPassed = true;
      if (!error) {
        run(whole, acknowledge, fail);
        return;
      }
      fail(error);
      if (!(error instanceof ActionRejected)) vetoed(error);
    });
  });
}

/** Calls the handlers as socket.io does, but catches what they throw. */
export function callListeners(
  socket: ServerSocket,
  [name, ...args]: Event,
  fail: (error: unknown) => void,
): void {
  const listeners = socket.rawListeners(name);
  if (listeners.length === 0) fail(new Error(`no handler listens to "${name}"`));
  for (const listener of listeners) {
    attempt(() => Reflect.apply(listener, socket, args)).catch(fail);
  }
}

/** Turns a throw into a rejection. */
export async function attempt<R>(work: () => R): Promise<Awaited<R>> {
  return await work();
}
