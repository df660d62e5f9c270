/** The core: the wasm module behind the port. Loaded when a client first connects. */
import * as services from "./services.js";
import { decode } from "./decode.js";
import { describe } from "./descriptions.js";
import { Diagnostician } from "./diagnose.js";
import type { SockeyeErrorCode } from "./errors.js";
import type { CoreEvents, CoreOptions, CorePort } from "./port.js";
import { toErrorData, toReliableEvents, toReliablePort } from "./reliableCore.js";
import { safely, throwLater } from "./safely.js";
import initialize, { Client, Decoder, Engine } from "./wasm/glue.js";
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
  Client: typeof Client;
  Engine: typeof Engine;
  Decoder: typeof Decoder;
}

/** Loads the module for whoever uses its exports directly; rejects like {@link createCore}. */
export async function loadCore(): Promise<Core> {
  await instantiate();
  return { Client, Engine, Decoder };
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
type EventNames = Map<string, number> & {
  any?: number | undefined;
  /** How events are known again: see `src/web/identity.js` of the crate. */
  identity?: { seeds: [number, number]; stamps: boolean };
};

function start(options: CoreOptions, events: CoreEvents): CorePort {
  const names: EventNames = new Map<string, number>();
  names.identity = { seeds: [options.seed | 0, (options.seed / 2 ** 32) | 0], stamps: false };
  const diagnostician = new Diagnostician(options, (code) => client.handleDiagnosis(code));
  const clientEvents = toClientEvents(events, () => diagnostician.ask());
  const client = new Client({ ...options, names }, clientEvents);
  client.reportTo(client);
  return toPort(client, names, diagnostician);
}

/**
 * The core says codes; the facade wants errors.
 *
 * Nothing may be thrown through the wasm, which would never recover, so whatever is thrown is thrown
 * later.
 */
function toClientEvents(events: CoreEvents, onDiagnose: () => void): object {
  return {
    ...toReliableEvents(events),
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

function toPort(client: Client, names: EventNames, diagnostician: Diagnostician): CorePort {
  return {
    ...toReliablePort(client),
    socket: (namespace, authOnDemand) => void client.socket(namespace, authOnDemand),
    connect: (socket) => client.connect(socket),
    disconnect: (socket) => client.disconnect(socket),
    reconnectNow: () => client.reconnectNow(),
    authenticate: (socket, ticket, payload) => client.authenticate(socket, ticket, payload),
    failAuthentication: (socket, ticket) => client.failAuthentication(socket, ticket),
    emit: (socket, body, attachments, volatile) =>
      toErrorData(client.emit(socket, body, attachments, volatile)),
    request: (socket, request, body, attachments, timeoutMs) =>
      toErrorData(client.request(socket, request, body, attachments, timeoutMs)),
    cancel: (socket, request) => client.cancel(socket, request),
    acknowledge: (socket, connection, ackId, body, attachments) =>
      client.acknowledge(socket, connection, ackId, body, attachments),
    listen: (name, event) => void names.set(name, event),
    unlisten: (name) => void names.delete(name),
    listenAny: (event) => void (names.any = event),
    unlistenAny: () => void (names.any = undefined),
    destroy() {
      diagnostician.stop();
      client.destroy();
      // This may run inside a listener, so inside the client: it is freed when the stack is empty.
      queueMicrotask(() => client.free());
    },
  };
}
