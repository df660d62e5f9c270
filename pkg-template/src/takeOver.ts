/** How the facade takes over from the shell of a client: what was asked before is asked of it, in the same order. */
import type { ActionOptions } from "./action.js";
import type { SockeyeError } from "./errors.js";
import type { NamespaceClient } from "./namespaceClient.js";
import type { SendOptions } from "./sender.js";
import type { Copy } from "./shell/copy.js";
import type { Modules } from "./shell/fetchModulesFor.js";
import type { Launch } from "./shell/launch.js";
import type { NamespaceShell } from "./shell/namespace.js";
import { listenerError, show } from "./show.js";
import { timeLeft } from "./timeLeft.js";

/** Makes the facade, and all calls that wait; those that come meanwhile are the last ones. */
export function takeOver(launch: Launch, modules: Modules): void {
  launch.modules = modules;
  const { errors } = launch;
  try {
    launch.client = launch.open(modules);
  } catch (error) {
    // The options are wrong, which will not change.
    const cause = error as SockeyeError;
    show(cause);
    errors.tell(cause);
    launch.fail(cause, { state: "disconnected", cause });
    return;
  }
  const subject = launch.client.connection.errors;
  // What is wrong with a namespace is wrong with all that belongs to it.
  const told = new Set<SockeyeError>();
  for (const call of launch.calls) {
    launch.remove(call);
    let wrong: SockeyeError | undefined;
    const end = (error: SockeyeError) => {
      wrong = error;
      call.end?.(error);
    };
    launch.make({ ...call, end });
    if (!wrong || call.isAwaited || launch.error || told.has(wrong)) continue;
    told.add(wrong);
    show(wrong);
    // Some have subscribed to those of the facade by now.
    errors.tell(wrong);
    subject.next(wrong);
  }
  launch.isOver = true;
  for (const thrown of launch.thrown.splice(0)) subject.next(listenerError(thrown));
  for (const namespace of launch.namespaces) connect(namespace);
}

/** The facade knows everything else by now. */
function connect(shell: NamespaceShell): void {
  shell.latest.clear();
  const { connecting, isWanted } = shell;
  const real = shell.late.there();
  const isBusy = real && ["connecting", "waiting"].includes(real.status.value.state);
  if (isBusy && !isWanted) real.disconnect(); // while it took over
  const connected = isWanted ? real?.connect() : undefined;
  if (connecting) connected?.then(() => connecting.settle(), connecting.settle);
}

/** Reads what was copied. */
export function readCopy({ text, attachments }: Copy): unknown[] {
  if (attachments.length === 0) return JSON.parse(text) as unknown[];
  return JSON.parse(text, (_key, value: unknown) =>
    (value as { _placeholder?: unknown } | null)?._placeholder === true
      ? attachments[(value as { num: number }).num]
      : value,
  ) as unknown[];
}

type Words = readonly [event: string, ...args: unknown[]];

/** Requests what was to be requested since then: it has less time left. */
export function requestSince(
  namespace: NamespaceClient,
  options: SendOptions,
  since: number,
  words: Words,
): Promise<unknown> {
  const { timeoutMs = namespace.connection.options.requestTimeoutMs } = options;
  return namespace.with({ ...options, timeoutMs: left(timeoutMs, since) }).request(...words);
}

/** Enqueues what was to be enqueued since then. */
export function enqueueSince(
  namespace: NamespaceClient,
  options: ActionOptions,
  since: number,
  [event, ...args]: Words,
  id: string,
): ReturnType<NamespaceClient["enqueueWith"]> {
  const { ttlMs } = options;
  const given = ttlMs === undefined ? options : { ...options, ttlMs: left(ttlMs, since) };
  return namespace.enqueueWith(given, event, args, id);
}

/** What is no time stays as it is, so that it is found to be none. */
const left = (timeMs: number, since: number) =>
  timeMs > 0 && timeMs < 2 ** 31 ? timeLeft(timeMs, since) : timeMs;
