/** Reaches the worker that an application has made. */
import { fail, SockeyeError } from "../errors.js";
import { randomId } from "../randomId.js";
import { release } from "../wasm/build.js";
import { type LockScope, whenReleased } from "./heldLock.js";
import { type Call, type CrossingOptions, greeting, type Hello, type Told } from "./messages.js";
import type { Link } from "./link.js";
import type { WantedWorker, WorkerFactory } from "./workerFactory.js";

type AnyWorker = Worker | SharedWorker;

/** The worker is of another version than the page. */
export class OtherRelease extends Error {
  /** Whether other pages have it, too. */
  readonly isShared: boolean;

  constructor(version: string, isShared: boolean) {
    super(`the worker is of the version ${version}, the page of ${release}`);
    this.isShared = isShared;
  }
}

/** How many cores there are in a worker. */
const users = new WeakMap<AnyWorker, number>();

export const toHello = (options: CrossingOptions): Hello => ({
  ...{ type: greeting, release, options, leads: false },
  lock: `sockeye-worker ${randomId()}`,
});

/** Names the lock that a page holds which shares a core, if there are locks. */
export const nameTab = ({ navigator }: LockScope = globalThis) =>
  navigator?.locks && `sockeye-tab ${randomId()}`;

/** Says something to a worker, beside what is said over ports. */
export function say(worker: AnyWorker, message: unknown, ports: Transferable[] = []): void {
  ("port" in worker ? worker.port : worker).postMessage(message, ports);
}

/** Resolves when the worker has a core for this client. */
export async function connect(worker: AnyWorker, hello: Hello, signal: AbortSignal): Promise<Link> {
  const { port1: port, port2 } = new MessageChannel();
  const link: Link = {
    port,
    tab: "port" in worker ? nameTab() : undefined,
    watch: (handleDead) => whenReleased(hello.lock, handleDead),
    release: () => leave(worker),
  };
  try {
    greet(worker, hello, port2);
    checkReady(await ready(worker, port, signal), "port" in worker);
  } catch (error) {
    // It may make a core yet, for which there is nobody.
    port.postMessage([["destroy"]] satisfies Call[]);
    port.close();
    leave(worker);
    throw error;
  }
  return link;
}

/** Has the application make a worker, and notes that it is used. */
export function make(factory: WorkerFactory, wanted: WantedWorker): AnyWorker {
  try {
    return retain(factory(wanted));
  } catch (cause) {
    if (cause instanceof SockeyeError) throw cause;
    throw failed("the worker cannot be made", checkFile, cause);
  }
}

/** Throws unless a worker's first answer is that it has a core; {@link OtherRelease} if that is the reason. */
export function checkReady(told: Told | undefined, isShared: boolean): void {
  if (told?.[0] === "ready") return;
  if (told?.[0] === "unavailable") {
    const [, { message, hint }, cause] = told;
    throw failed(`the worker has no core: ${message}`, hint, cause);
  }
  throw new OtherRelease(told?.[0] === "refused" ? String(told[1]) : "unknown", isShared);
}

/** Returns what the client tells; `instead` says what it does. */
export function toWorkerError(error: unknown, instead?: string): SockeyeError {
  if (!(error instanceof OtherRelease)) return error as SockeyeError;
  const hint =
    "publish the worker's file together with the page's scripts, and let its address change with them";
  return failed(error.message, hint, undefined, instead);
}

/** Nobody has answered. */
export const late = () =>
  failed("the worker has not answered", 'let its file import "sockeye-client/worker"');

/** Says that what a worker is told cannot be sent. */
export const uncloneable = (cause: unknown) =>
  failed(
    "the options cannot be sent to the worker",
    "what is in the options has to be plain: no proxies, no functions",
    cause,
  );

function greet(worker: AnyWorker, hello: Hello, port: MessagePort): void {
  try {
    say(worker, hello, [port]);
  } catch (cause) {
    throw uncloneable(cause);
  }
}

/** One that was ended says nothing any more. */
function retain(worker: AnyWorker): AnyWorker {
  const count = users.get(worker);
  if (count === 0) {
    const hint = "let the function that is the option `worker` make a new one each time";
    throw failed("the worker was ended with the last client that used it", hint);
  }
  users.set(worker, (count ?? 0) + 1);
  return worker;
}

/** The last one to leave ends it. */
function leave(worker: AnyWorker): void {
  const left = (users.get(worker) ?? 1) - 1;
  users.set(worker, left);
  if (left > 0) return;
  if ("port" in worker) worker.port.close();
  else worker.terminate();
}

const checkFile =
  "check the file that the option `worker` names, and `worker-src` of the page's Content-Security-Policy";

/** Resolves with the first that the worker says. */
function ready(
  worker: AnyWorker,
  port: MessagePort,
  signal: AbortSignal,
): Promise<Told | undefined> {
  const heard = new AbortController();
  const listening = { signal: heard.signal };
  return new Promise<Told | undefined>((resolve, reject) => {
    const handleError = (event: Event) => {
      event.preventDefault();
      reject(failed("the worker cannot be started", checkFile, messageOf(event)));
    };
    worker.addEventListener("error", handleError, listening);
    signal.addEventListener("abort", () => reject(late()), listening);
    port.onmessage = ({ data }: MessageEvent<Told[]>) => resolve(data[0]);
  }).finally(() => heard.abort());
}

/** Missing files have no message. */
const messageOf = (event: Event) => (event as Partial<ErrorEvent>).message;

const failed = (
  message: string,
  hint: string,
  cause?: unknown,
  instead = "the client runs in the page",
) => fail("worker_failed", `${message}; ${instead}`, hint, cause);
