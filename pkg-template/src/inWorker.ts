/** Has a worker make the core, and the page where that cannot be. Loaded where the option `worker` is given. */
import type { SockeyeError } from "./errors.js";
import type { MakeCore } from "./facade.js";
import type { ClientOptions } from "./options.js";
import type { CoreOptions } from "./port.js";
import { connect, make, toHello } from "./worker/connecting.js";
import { canElect, connectToLeader } from "./worker/electing.js";
import type { Link } from "./worker/link.js";
import type { CrossingOptions, Hello } from "./worker/messages.js";
import { RemoteCore } from "./worker/remoteCore.js";
import type { WorkerFactory } from "./worker/workerFactory.js";

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
        const link = await reach(place, toHello(toCrossing(options)), signal);
        return new RemoteCore(link, options, events).core;
      } catch (error) {
        // Nobody waits for it any more.
        if (signal.aborted) throw (late = error as SockeyeError);
        report(error as SockeyeError);
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

const reach = async ({ worker, tabs }: Place, hello: Hello, signal: AbortSignal): Promise<Link> =>
  tabs === "leader" && canElect()
    ? connectToLeader(worker, hello, signal)
    : connect(make(worker), hello, signal);
