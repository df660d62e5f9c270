/** The core: the wasm module behind the port. Loaded when a client first connects. */
import { type SocketNames, toDedupPort, toMetricsPort } from "./figuresCore.js";
import { describe } from "./descriptions.js";
import { Diagnostician } from "./diagnose.js";
import { isSockeyeError, type SockeyeErrorCode } from "./errors.js";
import { EventReaders, type Readers } from "./eventReaders.js";
import type { MetricsPort } from "./metricsPort.js";
import type { CoreEvents, CoreOptions, CorePort, WorkerCore } from "./port.js";
import { keepPositions } from "./ports/keptPositions.js";
import { watchLife } from "./ports/pageEvents.js";
import { toErrorData, toReliableEvents, toReliablePort } from "./reliableCore.js";
import { withRetryAfter } from "./retryAfter.js";
import { abandon, type Abandoned, Instance } from "./instance.js";
import { safely, throwLater } from "./safely.js";
import { UnderWay } from "./underWay.js";
import type { Carrier, Client, EngineEvents, EngineOptions, Glue } from "./wasm/glue.js";

/**
 * Gives the wasm module, unless nobody wants it any more, as `signal` says. Rejects with a {@link SockeyeError},
 * or with what keeps WebAssembly from running.
 */
export type ReadWasm = (signal: AbortSignal) => Promise<BufferSource | WebAssembly.Module>;

/** All clients share one instance, until something in it fails; then they share the next. */
let shared: Instance | undefined;
const reads = new UnderWay<ReadWasm, BufferSource | WebAssembly.Module>();
const makings = new UnderWay<"instance", Instance>();

/** Makes a core; rejects with error data if WebAssembly is missing or forbidden, or with what `read` says. */
export async function createCore(
  options: CoreOptions,
  events: CoreEvents,
  signal: AbortSignal,
  read: ReadWasm,
): Promise<WorkerCore> {
  return start(await instantiate(read, signal), options, events);
}

/** The module's exports for whoever does without a client. */
export type Core = Pick<Glue, "Decoder"> & ReturnType<typeof toEngines>;

/** Loads the module for whoever uses its exports directly; rejects like {@link createCore}. */
export async function loadCore(read: ReadWasm): Promise<Core> {
  const instance = await instantiate(read, new AbortController().signal);
  return { Decoder: instance.glue.Decoder, ...toEngines(instance) };
}

/** Engines that are told when their instance fails. */
function toEngines(instance: Instance) {
  return {
    Engine: class extends instance.glue.Engine {
      readonly #forget: () => void;

      constructor(options: EngineOptions, events: EngineEvents) {
        const openTransports = new Set<Abandoned>();
        super({ ...options, openTransports }, instance.hear(events));
        this.#forget = instance.onFailed((cause) => {
          abandon(openTransports);
          events.coreFailed(cause);
        });
      }

      override destroy(): void {
        this.#forget();
        super.destroy();
      }
    },
  };
}

/**
 * Each place that has the module is asked for it: what does not come from one keeps no client waiting that has
 * another. Who has given up leaves nothing behind that would keep the next from asking.
 */
async function instantiate(read: ReadWasm, signal: AbortSignal): Promise<Instance> {
  if (shared) return shared;
  try {
    const wasm = await reads.join(read, signal, read);
    return await makings.join("instance", signal, () => makeInstance(wasm));
  } catch (error) {
    if (isSockeyeError(error)) throw error;
    throw Object.assign(new Error("WebAssembly is not available"), {
      ...describe("wasm_unavailable"),
      cause: error,
    });
  }
}

/** Another place may have been faster. */
async function makeInstance(wasm: BufferSource | WebAssembly.Module): Promise<Instance> {
  if (shared) return shared;
  const instance = new Instance();
  await instance.glue.initialize({ module_or_path: wasm });
  instance.onFailed(() => (shared = undefined));
  return (shared = instance);
}

/** The numbers of the names that are listened to; `any` stands for all others. */
type EventNames = Map<string, number> &
  SocketNames & {
    any?: number | undefined;
    /** How events are known again: see `src/web/identity.js` of the crate. */
    identity?: Readers & { seeds: [number, number]; stamps: boolean };
  };

const makeNames = (): EventNames =>
  Object.assign(new Map<string, number>(), { sockets: new Map<string, number>(), addresses: [] });

function start(instance: Instance, given: CoreOptions, events: CoreEvents): WorkerCore {
  const names = makeNames();
  const readers = new EventReaders(given.readers, (error) => events.readerFailed(error));
  names.identity = { ...readers.readers, seeds: toSeeds(given.seed), stamps: false };
  // The transports read the addresses when they open.
  const options: Given = { ...given, names, openTransports: new Set() };
  let isAlive = true;
  const postpone = (afterMs: number) => isAlive && client.postpone(afterMs);
  if (given.fetch) options.fetch = withRetryAfter(given.fetch, postpone);
  const diagnostician = new Diagnostician(options, (code) => client.handleDiagnosis(code));
  const clientEvents = toClientEvents(instance, events, {
    onFailed: () => client.handleFailure(),
    onDiagnose: () => diagnostician.ask(),
    onDelivered: () => kept?.touch(),
  });
  const client = new instance.glue.Client(options, clientEvents);
  const kept = keepPositions(given, (socket) => client.positions(socket) ?? []);
  client.reportTo(client);
  // It has nobody yet who could be told that it has failed.
  instance.assertAlive();
  const forget = instance.onFailed((cause) => {
    stop();
    abandon(options.openTransports);
    events.coreFailed(describe("core_failed", String(cause)), cause);
  });
  const unwatch = watchLife(options.lifecycle, client);
  const stop = () => {
    isAlive = false;
    kept?.forget();
    unwatch?.();
    diagnostician.stop();
    forget();
  };
  const parts = {
    ...toDedupPort(client, given, kept, names),
    ...toMetricsPort(client, options, given),
    ...toRemotePort(client),
    isAlive: () => isAlive,
  };
  return readers.guard({ ...toPort(client, options, stop), ...parts });
}

/** What only somebody asks who is on another thread. */
const toRemotePort = (client: Client): Omit<WorkerCore, keyof CorePort> => ({
  suspend: () => client.suspend(),
  resume: (asleepMs) => client.resume(asleepMs),
  keepDelivery: () => client.keepDelivery(),
  failDelivery: (delivery) => client.failDelivery(delivery),
  releaseDelivery: (delivery) => client.releaseDelivery(delivery),
});

/** The halves of a number of 53 bits. */
const toSeeds = (seed: number): [number, number] => [seed | 0, (seed / 2 ** 32) | 0];

type Given = CoreOptions & {
  names: EventNames;
  openTransports: Set<Abandoned>;
  /** Takes what is sent, if it can be sent at once, and nothing of it has to cross into the wasm. */
  carrier?: Carrier | undefined;
};

/**
 * The core says codes; the facade wants errors.
 *
 * Nothing may be thrown through the wasm, which would never recover, so whatever is thrown is thrown
 * later.
 */
function toClientEvents(
  instance: Instance,
  events: CoreEvents,
  {
    onFailed,
    onDelivered,
    onDiagnose,
  }: Record<"onFailed" | "onDelivered" | "onDiagnose", () => void>,
): object {
  return {
    ...instance.hear({ ...toReliableEvents(events), ...toOtherEvents(events, onDiagnose) }),
    // The one that is called for each event, without a list of arguments in between.
    delivered(socket: number, event: number, args: unknown[], connection: number, ackId: number) {
      instance.assertAlive();
      try {
        if (!events.delivered(socket, event, args, connection, ackId)) onFailed();
      } catch (error) {
        throwLater(error);
      }
      onDelivered();
      instance.assertAlive();
    },
  };
}

function toOtherEvents(events: CoreEvents, onDiagnose: () => void): object {
  return {
    ...toQuestions(events),
    accepted: safely((socket: number, id: string, recovered: boolean) =>
      events.accepted(socket, id, recovered),
    ),
    refused: safely((socket: number, data: unknown) => events.refused(socket, data)),
    diagnose: safely(onDiagnose),
    dropped: safely((_socket: number, code: SockeyeErrorCode, detail: string) =>
      events.dropped(describe(code, detail)),
    ),
    failed: safely((socket: number, code: SockeyeErrorCode, detail: string) =>
      events.failed(socket, describe(code, detail)),
    ),
    answered: safely((request: number, args: unknown[] | undefined) =>
      events.settled(request, undefined, args ?? []),
    ),
    settled: safely((request: number, code: SockeyeErrorCode | "", args: unknown[] | undefined) =>
      events.settled(request, toErrorData(code), args ?? []),
    ),
    status: safely(
      (
        socket: number,
        state: Parameters<CoreEvents["status"]>[1],
        attempt: number,
        retryInMs: number,
        code: SockeyeErrorCode | "",
        detail: string,
        slow: boolean,
      ) => events.status(socket, state, attempt, retryInMs, toErrorData(code, detail), slow),
    ),
  };
}

/** What the application is asked. */
function toQuestions(events: CoreEvents): object {
  return {
    authNeeded: safely((...args: Parameters<CoreEvents["authNeeded"]>) =>
      events.authNeeded(...args),
    ),
    addressNeeded: safely((ticket: number, attempt: number) =>
      events.addressNeeded(ticket, attempt),
    ),
    verdictNeeded: safely((socket: number, ticket: number, code: SockeyeErrorCode) =>
      events.verdictNeeded(socket, ticket, describe(code)),
    ),
  };
}

function toPort(
  client: Client,
  options: Given,
  stop: () => void,
): Omit<CorePort, keyof ReturnType<typeof toDedupPort> | keyof MetricsPort | "isAlive"> {
  const { names } = options;
  return {
    ...toReliablePort(client),
    connect: (socket) => client.connect(socket),
    disconnect: (socket) => client.disconnect(socket),
    reconnectNow: () => client.reconnectNow(),
    authenticate: (socket, ticket, payload) => client.authenticate(socket, ticket, payload),
    failAuthentication: (socket, ticket) => client.failAuthentication(socket, ticket),
    stopAuthentication: (socket, ticket) => client.stopAuthentication(socket, ticket),
    refreshAuth: (socket) => client.refreshAuth(socket),
    useAddress(ticket, webSocketUrl, pollingUrl) {
      Object.assign(options, { webSocketUrl, pollingUrl });
      client.useAddress(ticket);
    },
    failAddress: (ticket) => client.failAddress(ticket),
    judge: (socket, ticket, verdict, afterMs) => client.judge(socket, ticket, verdict, afterMs),
    discardQueue: () => client.discardQueue(),
    ...toSending(client, options),
    cancel: (socket, request) => client.cancel(socket, request),
    acknowledge: (socket, connection, ackId, body, attachments) =>
      client.acknowledge(socket, connection, ackId, body, attachments),
    ...toListening(names),
    destroy() {
      stop();
      client.destroy();
      // This may run inside a listener, so inside the client: it is freed when the stack is empty.
      queueMicrotask(() => client.free());
    },
  };
}

/** What can go out at once the transport sends; all else is the core's. */
const toSending = (client: Client, options: Given): Pick<CorePort, "emit" | "request"> => ({
  emit: (socket, body, attachments, volatile) =>
    options.carrier?.emit(socket, body, attachments)
      ? undefined
      : toErrorData(client.emit(socket, body, attachments, volatile)),
  request: (socket, request, body, attachments, timeoutMs) =>
    options.carrier?.request(socket, request, body, attachments, timeoutMs)
      ? undefined
      : toErrorData(client.request(socket, request, body, attachments, timeoutMs)),
});

/** The names are looked up without the core. */
function toListening(names: EventNames) {
  return {
    listen: (name: string, event: number) => void names.set(name, event),
    unlisten: (name: string) => void names.delete(name),
    listenAny: (event: number) => void (names.any = event),
    unlistenAny: () => void (names.any = undefined),
  };
}
