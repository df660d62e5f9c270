/** The core: the wasm module behind the port. Loaded when a client first connects. */
import * as services from "./services.js";
import { decode } from "./decode.js";
import { describe } from "./descriptions.js";
import { Diagnostician } from "./diagnose.js";
import type { ErrorData, SockeyeErrorCode } from "./errors.js";
import type { ContinuityPort } from "./continuityPort.js";
import type { OutboxPort } from "./outboxPort.js";
import type { CoreEvents, CoreOptions, CorePort } from "./port.js";
import { safely, throwLater } from "./safely.js";
import initialize, { Decoder, Engine, Manager } from "./wasm/glue.js";
import { data, size } from "./wasm/payload.js";

let instantiation: Promise<unknown> | undefined;

export { services };

/** Makes a core; rejects with error data if WebAssembly is missing or forbidden. */
export async function createCore(options: CoreOptions, events: CoreEvents): Promise<CorePort> {
  await instantiate();
  return start(options, events);
}

/** The module's exports. */
export interface Core {
  Manager: typeof Manager;
  Engine: typeof Engine;
  Decoder: typeof Decoder;
}

/** Loads the module for whoever uses its exports directly; rejects like {@link createCore}. */
export async function loadCore(): Promise<Core> {
  await instantiate();
  return { Manager, Engine, Decoder };
}

/** All clients share one instance. A failed attempt is forgotten, so that the next may succeed. */
function instantiate(): Promise<unknown> {
  instantiation ??= decode(data, size)
    .then((bytes) => initialize({ module_or_path: bytes }))
    .catch((error: unknown) => {
      instantiation = undefined;
      throw Object.assign(new Error("WebAssembly is not available"), {
        ...describe("wasm_unavailable"),
        cause: error,
      });
    });
  return instantiation;
}

/** The numbers of the names that are listened to; `any` stands for all others. */
type EventNames = Map<string, number> & { any?: number | undefined };

function start(options: CoreOptions, events: CoreEvents): CorePort {
  const names: EventNames = new Map<string, number>();
  const diagnostician = new Diagnostician(options, (code) => manager.handleDiagnosis(code));
  const managerEvents = toManagerEvents(events, () => diagnostician.ask());
  const manager = new Manager({ ...options, names }, managerEvents);
  manager.reportTo(manager);
  return toPort(manager, names, diagnostician);
}

/**
 * The manager says codes; the facade wants errors.
 *
 * Nothing may be thrown through the wasm, which would never recover, so whatever is thrown is thrown
 * later.
 */
function toManagerEvents(events: CoreEvents, onDiagnose: () => void): object {
  return {
    // The one that is called for each event, without a list of arguments in between.
    delivered(socket: number, event: number, args: unknown[], connection: number, ackId: number) {
      try {
        events.delivered(socket, event, args, connection, ackId);
      } catch (error) {
        throwLater(error);
      }
    },
    authNeeded: safely((socket: number, ticket: number) => events.authNeeded(socket, ticket)),
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
      ) => events.status(socket, state, attempt, retryInMs, toErrorData(code, detail)),
    ),
  };
}

function toPort(manager: Manager, names: EventNames, diagnostician: Diagnostician): CorePort {
  const port: Omit<CorePort, keyof OutboxPort | keyof ContinuityPort> = {
    socket: (namespace, authOnDemand) => void manager.socket(namespace, authOnDemand),
    connect: (socket) => manager.connect(socket),
    disconnect: (socket) => manager.disconnect(socket),
    reconnectNow: () => manager.reconnectNow(),
    authenticate: (socket, ticket, payload) => manager.authenticate(socket, ticket, payload),
    failAuthentication: (socket, ticket) => manager.failAuthentication(socket, ticket),
    emit: (socket, body, attachments, volatile) =>
      toErrorData(manager.emit(socket, body, attachments, volatile)),
    request: (socket, request, body, attachments, timeoutMs) =>
      toErrorData(manager.request(socket, request, body, attachments, timeoutMs)),
    cancel: (socket, request) => manager.cancel(socket, request),
    acknowledge: (socket, connection, ackId, body, attachments) =>
      manager.acknowledge(socket, connection, ackId, body, attachments),
    listen: (name, event) => void names.set(name, event),
    unlisten: (name) => void names.delete(name),
    listenAny: (event) => void (names.any = event),
    unlistenAny: () => void (names.any = undefined),
    destroy() {
      diagnostician.stop();
      manager.destroy();
      // This may run inside a listener, so inside the manager: it is freed when the stack is empty.
      queueMicrotask(() => manager.free());
    },
  };
  return port as CorePort;
}

function toErrorData(code: string | undefined, detail?: string): ErrorData | undefined {
  return code ? describe(code as SockeyeErrorCode, detail) : undefined;
}
