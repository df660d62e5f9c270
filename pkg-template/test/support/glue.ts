/** In place of the module's loader: a client that remembers its calls. */
import { vi } from "vitest";
import type { Readers } from "../../src/eventReaders.js";

type Names = Map<string, number> & { any?: number; identity?: Readers };
type Listener = (...args: unknown[]) => void;

export const initialize = vi.fn<(input: { module_or_path: unknown }) => Promise<unknown>>();

/** Makes an instance, of which all have the same classes. */
export const makeGlue = () => ({ initialize, Client, Engine, Decoder });

/** What the core makes a client of, and what it asks of it. */
export class Client {
  static readonly made: Client[] = [];
  readonly calls: unknown[][] = [];
  readonly options: { names: Names } & Record<string, unknown>;
  readonly events: Record<string, Listener>;
  /** What `emit` and `request` return. */
  code: string | undefined;

  constructor(options: Client["options"], events: Client["events"]) {
    this.options = options;
    this.events = events;
    Client.made.push(this);
  }

  reportTo = this.#noting("reportTo");
  socket = (namespace: unknown, authOnDemand: unknown) => {
    this.calls.push(["socket", namespace, authOnDemand]);
    return this.#sockets.add(namespace).size - 1;
  };
  connect = this.#noting("connect");
  disconnect = this.#noting("disconnect");
  reconnectNow = this.#noting("reconnectNow");
  suspend = this.#noting("suspend");
  resume = this.#noting("resume");
  authenticate = this.#noting("authenticate");
  failAuthentication = this.#noting("failAuthentication");
  stopAuthentication = this.#noting("stopAuthentication");
  refreshAuth = this.#noting("refreshAuth");
  useAddress = this.#noting("useAddress");
  failAddress = this.#noting("failAddress");
  judge = this.#noting("judge");
  postpone = this.#noting("postpone");
  setIdentity = this.#noting("setIdentity");
  discardQueue = this.#noting("discardQueue");
  emit = this.#noting("emit");
  request = this.#noting("request");
  cancel = this.#noting("cancel");
  acknowledge = this.#noting("acknowledge");
  handleDiagnosis = this.#noting("handleDiagnosis");
  handleFailure = this.#noting("handleFailure");
  restorePositions = this.#noting("restorePositions");
  dedupStatistics = () => [4, 3, 2, 1];
  outboxSize = (socket: number) => (socket === 0 ? [2, 30] : [0, -1]);
  probeRoundTripMs = () => 4;
  positions = () => [["s", "e", 3]];
  destroy = this.#noting("destroy");
  free = this.#noting("free");

  readonly #sockets = new Set<unknown>();

  #noting(method: string) {
    return (...args: unknown[]) => {
      this.calls.push([method, ...args]);
      return this.code;
    };
  }
}

/** The session of the `compat` entry, whose tests have one of their own. */
export class Engine {
  destroy = vi.fn();
}

/** The decoder of the `compat` entry. */
export class Decoder {}
