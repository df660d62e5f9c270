/** Has a worker make the core, and the page where that cannot be. Loaded where the option `worker` is given. */
import type { SockeyeError } from "./errors.js";
import type { MakeCore } from "./facade.js";
import type { ClientOptions } from "./options.js";
import type { CoreOptions } from "./port.js";
import { connect, make, OtherRelease, toHello, toWorkerError } from "./worker/connecting.js";
import { canElect, connectToLeader } from "./worker/electing.js";
import type { Link } from "./worker/link.js";
import type { CrossingOptions } from "./worker/messages.js";
import { RemoteCore } from "./worker/remoteCore.js";
import type { WantedWorker, WorkerFactory } from "./worker/workerFactory.js";

/** The options that say where the core is. */
type Place = { worker: WorkerFactory } & Pick<ClientOptions, "tabs">;

/**
 * Makes cores in workers. One that fails is told as `worker_failed`, and `makeInPage` makes the core; one that takes too
 * long is not asked the next time.
 */
export function inWorker(place: Place, makeInPage: MakeCore): MakeCore {
  let isInPage = false;
  let late: SockeyeError | undefined;
  return async (options, events, signal) => {
    const report = (error: SockeyeError) => events.reported(error, error.cause);
    if (late) report(late);
    else if (!isInPage) {
      try {
        const link = await reachAny(place, toCrossing(options), signal, report);
        return new RemoteCore(link, options, events).core;
      } catch (error) {
        // Nobody waits for it any more.
        const failure = toWorkerError(error);
        if (signal.aborted) throw (late = failure);
        report(failure);
      }
    }
    late = undefined;
    const core = await makeInPage(options, events, signal);
    isInPage = true;
    return core;
  };
}

/** What cannot be cloned is the page's own, or was refused with the other options. */
function toCrossing(options: CoreOptions): CrossingOptions {
  const own = { webSocket: undefined, fetch: undefined, lifecycle: false, keepPositions: false };
  return { ...options, ...own };
}

/** A page that a shared worker refuses has one of its own. */
async function reachAny(
  place: Place,
  options: CrossingOptions,
  signal: AbortSignal,
  report: (error: SockeyeError) => void,
): Promise<Link> {
  const isShared = typeof SharedWorker === "function";
  try {
    return await reach(place, { isShared }, options, signal);
  } catch (error) {
    if (!(error instanceof OtherRelease && error.isShared && isShared)) throw error;
    const link = await reach(place, { isShared: false }, options, signal);
    report(toWorkerError(error, "the client has a worker of its own"));
    return link;
  }
}

async function reach(
  { worker, tabs }: Place,
  wanted: WantedWorker,
  options: CrossingOptions,
  signal: AbortSignal,
): Promise<Link> {
  const hello = toHello(options);
  const makeWorker = () => make(worker, wanted);
  return tabs === "leader" && canElect()
    ? connectToLeader(makeWorker, hello, signal)
    : connect(makeWorker(), hello, signal);
}
