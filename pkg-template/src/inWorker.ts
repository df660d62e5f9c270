/** Has a worker make the core, and the page where that cannot be. Loaded where the option `worker` is given. */
import { fail, SockeyeError } from "./errors.js";
import type { MakeCore } from "./facade.js";
import type { CoreOptions } from "./port.js";
import { randomId } from "./randomId.js";
import { release } from "./wasm/build.js";
import { whenReleased } from "./worker/heldLock.js";
import {
  type Call,
  type CrossingOptions,
  greeting,
  type Hello,
  type Told,
} from "./worker/messages.js";
import { type Link, RemoteCore } from "./worker/remoteCore.js";
import type { WorkerFactory } from "./worker/workerFactory.js";

/** How many cores there are in a worker. */
const users = new WeakMap<Worker | SharedWorker, number>();

/**
 * Makes cores in workers. One that fails is told as `worker_failed`, and `makeInPage` makes the core; one that takes too
 * long is not asked the next time.
 */
export function inWorker(worker: WorkerFactory, makeInPage: MakeCore): MakeCore {
  let isInPage = false;
  let late: SockeyeError | undefined;
  return async (options, events, signal) => {
    const report = (error: SockeyeError) => events.reported(error, error.cause);
    if (late) report(late);
    else if (!isInPage) {
      try {
        const link = await connect(worker, toCrossing(options), signal);
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

/** Resolves when the worker has a core for this client. */
async function connect(
  factory: WorkerFactory,
  options: CrossingOptions,
  signal: AbortSignal,
): Promise<Link> {
  const worker = make(factory);
  const { port1: port, port2 } = new MessageChannel();
  const lock = `sockeye-worker ${randomId()}`;
  const hello: Hello = { type: greeting, release, options, lock };
  const link: Link = {
    port,
    tab: "port" in worker ? `sockeye-tab ${randomId()}` : undefined,
    watch: (handleDead) => whenReleased(lock, handleDead),
    release: () => leave(worker),
  };
  try {
    greet(worker, hello, port2);
    await ready(worker, port, signal);
  } catch (error) {
    // It may make a core yet, for which there is nobody.
    port.postMessage([["destroy"]] satisfies Call[]);
    port.close();
    leave(worker);
    throw error;
  }
  return link;
}

function greet(worker: Worker | SharedWorker, hello: Hello, port: MessagePort): void {
  try {
    ("port" in worker ? worker.port : worker).postMessage(hello, [port]);
  } catch (cause) {
    const hint = "what is in the options has to be plain: no proxies, no functions";
    throw failed("the options cannot be sent to the worker", hint, cause);
  }
}

function make(factory: WorkerFactory): Worker | SharedWorker {
  try {
    return retain(factory());
  } catch (cause) {
    if (cause instanceof SockeyeError) throw cause;
    throw failed("the worker cannot be made", checkFile, cause);
  }
}

/** One that was ended says nothing any more. */
function retain(worker: Worker | SharedWorker): Worker | SharedWorker {
  const count = users.get(worker);
  if (count === 0) {
    const hint = "let the function that is the option `worker` make a new one each time";
    throw failed("the worker was ended with the last client that used it", hint);
  }
  users.set(worker, (count ?? 0) + 1);
  return worker;
}

/** The last one to leave ends it. */
function leave(worker: Worker | SharedWorker): void {
  const left = (users.get(worker) ?? 1) - 1;
  users.set(worker, left);
  if (left > 0) return;
  if ("port" in worker) worker.port.close();
  else worker.terminate();
}

const checkFile =
  "check the file that the option `worker` names, and `worker-src` of the page's Content-Security-Policy";

function ready(
  worker: Worker | SharedWorker,
  port: MessagePort,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const heard = new AbortController();
    const settle = (error?: SockeyeError) => {
      heard.abort();
      if (error) reject(error);
      else resolve();
    };
    const handleError = (event: Event) => {
      event.preventDefault();
      settle(failed("the worker cannot be started", checkFile, messageOf(event)));
    };
    worker.addEventListener("error", handleError, { signal: heard.signal });
    const late = failed(
      "the worker has not answered",
      'let its file import "sockeye-client/worker"',
    );
    signal.addEventListener("abort", () => settle(late), { signal: heard.signal });
    port.onmessage = ({ data }: MessageEvent<Told[]>) => settle(whyNot(data[0]));
  });
}

/** Missing files have no message. */
const messageOf = (event: Event) => (event as Partial<ErrorEvent>).message;

function whyNot(told: Told | undefined): SockeyeError | undefined {
  if (told?.[0] === "ready") return undefined;
  if (told?.[0] === "unavailable") {
    const [, { message, hint }, cause] = told;
    return failed(`the worker has no core: ${message}`, hint, cause);
  }
  const version = told?.[0] === "refused" ? told[1] : "unknown";
  const hint =
    "publish the worker's file together with the page's scripts, and let its address change with them";
  return failed(`the worker is of the version ${version}, the page of ${release}`, hint);
}

const failed = (message: string, hint: string, cause?: unknown) =>
  fail("worker_failed", `${message}; the client runs in the page`, hint, cause);
