/** A core that only remembers what it is asked, and says what the test wants said. */
import type { AuthReason } from "../../src/auth.js";
import type { DedupStatistics, StreamPosition } from "../../src/dedupPort.js";
import type { ErrorData, SockeyeErrorCode } from "../../src/errors.js";
import type { OutboxSize } from "../../src/metricsPort.js";
import type { ActionState } from "../../src/outboxPort.js";
import type { CoreEvents, CoreOptions, CorePort, WorkerCore } from "../../src/port.js";

type Methods = Required<WorkerCore>;
type Method = keyof Methods;
export type Call = { [Name in Method]: [Name, ...Parameters<Methods[Name]>] }[Method];
type State = Parameters<CoreEvents["status"]>[1];

interface StatusDetails {
  socket?: number;
  attempt?: number;
  retryInMs?: number;
  cause?: SockeyeErrorCode;
  slow?: boolean;
}

interface AuthDetails {
  socket?: number;
  attempt?: number;
  reason?: AuthReason;
}

interface DeliveryDetails {
  socket?: number;
  transport?: number;
  ackId?: number;
}

const noStatistics: DedupStatistics = {
  ...{ identified: 0, duplicates: 0, evicted: 0, evictedStreams: 0 },
};

interface ActionDetails {
  attempts?: number;
  error?: SockeyeErrorCode;
  args?: readonly unknown[];
}

/** Error data of this code, with texts that a test can recognise. */
export function errorData(code: SockeyeErrorCode): ErrorData {
  return { code, message: `message of ${code}`, hint: `hint of ${code}` };
}

export class FakeCore implements WorkerCore {
  readonly options: CoreOptions;
  readonly events: CoreEvents;
  readonly calls: Call[] = [];
  /** The events that are listened to, by name. */
  readonly names = new Map<string, number>();
  /** Stands for all other events, if anybody listens to them. */
  any: number | undefined;
  /** What `keepDelivery` returns. */
  kept = 0;
  /** What `emit` and `request` return. */
  refusal: ErrorData | undefined;
  /** What `signsOfLife` and `couldDrain` return. */
  signs = 0;
  isReady = false;
  /** The bytes, if anybody has had them counted; what `outboxSize` and `probeRoundTripMs` return. */
  counted: { received: number; sent: number } | undefined;
  readonly outboxes: OutboxSize[] = [];
  probeMs: number | undefined;
  /** What `dedupStatistics` and `positions` return, by socket. */
  readonly statistics: DedupStatistics[] = [];
  readonly delivered: StreamPosition[][] = [];
  /** Called with each call, after it has been noted. */
  onCall: (call: Call) => void = () => {};
  #freed = false;
  #isAlive = true;
  #hasFailed = false;

  constructor(options: CoreOptions, events: CoreEvents) {
    this.options = options;
    this.events = events;
  }

  /** The arguments of each call of `method`. */
  callsOf<Name extends Method>(method: Name): Parameters<Methods[Name]>[] {
    const calls = this.calls.filter(([name]) => name === method);
    return calls.map(([, ...args]) => args as Parameters<Methods[Name]>);
  }

  // What the facade asks.

  socket(...args: Parameters<CorePort["socket"]>) {
    this.#note(["socket", ...args]);
  }
  connect(...args: Parameters<CorePort["connect"]>) {
    this.#note(["connect", ...args]);
  }
  disconnect(...args: Parameters<CorePort["disconnect"]>) {
    this.#note(["disconnect", ...args]);
  }
  reconnectNow() {
    this.#note(["reconnectNow"]);
  }
  authenticate(...args: Parameters<CorePort["authenticate"]>) {
    this.#note(["authenticate", ...args]);
  }
  failAuthentication(...args: Parameters<CorePort["failAuthentication"]>) {
    this.#note(["failAuthentication", ...args]);
  }
  stopAuthentication(...args: Parameters<CorePort["stopAuthentication"]>) {
    this.#note(["stopAuthentication", ...args]);
  }
  refreshAuth(...args: Parameters<CorePort["refreshAuth"]>) {
    this.#note(["refreshAuth", ...args]);
  }
  useAddress(...args: Parameters<CorePort["useAddress"]>) {
    this.#note(["useAddress", ...args]);
  }
  failAddress(...args: Parameters<CorePort["failAddress"]>) {
    this.#note(["failAddress", ...args]);
  }
  judge(...args: Parameters<CorePort["judge"]>) {
    this.#note(["judge", ...args]);
  }
  setIdentity(...args: Parameters<CorePort["setIdentity"]>) {
    this.#note(["setIdentity", ...args]);
  }
  discardQueue() {
    this.#note(["discardQueue"]);
  }
  emit(...args: Parameters<CorePort["emit"]>) {
    this.#note(["emit", ...args]);
    return this.refusal;
  }
  request(...args: Parameters<CorePort["request"]>) {
    this.#note(["request", ...args]);
    return this.refusal;
  }
  cancel(...args: Parameters<CorePort["cancel"]>) {
    this.#note(["cancel", ...args]);
  }
  acknowledge(...args: Parameters<CorePort["acknowledge"]>) {
    this.#note(["acknowledge", ...args]);
  }
  openOutbox(...args: Parameters<CorePort["openOutbox"]>) {
    this.#note(["openOutbox", ...args]);
  }
  enqueue(...args: Parameters<CorePort["enqueue"]>) {
    this.#note(["enqueue", ...args]);
    return this.refusal;
  }
  cancelAction(...args: Parameters<CorePort["cancelAction"]>) {
    this.#note(["cancelAction", ...args]);
  }
  retryAction(...args: Parameters<CorePort["retryAction"]>) {
    this.#note(["retryAction", ...args]);
    return true;
  }
  forgetAction(...args: Parameters<CorePort["forgetAction"]>) {
    this.#note(["forgetAction", ...args]);
  }
  pauseOutbox(...args: Parameters<CorePort["pauseOutbox"]>) {
    this.#note(["pauseOutbox", ...args]);
  }
  resumeOutbox(...args: Parameters<CorePort["resumeOutbox"]>) {
    this.#note(["resumeOutbox", ...args]);
  }
  nackAction(...args: Parameters<CorePort["nackAction"]>) {
    this.#note(["nackAction", ...args]);
  }
  flushPlan(...args: Parameters<CorePort["flushPlan"]>) {
    this.#note(["flushPlan", ...args]);
  }
  storeAnswered(...args: Parameters<CorePort["storeAnswered"]>) {
    this.#note(["storeAnswered", ...args]);
  }
  storeChanged(...args: Parameters<CorePort["storeChanged"]>) {
    this.#note(["storeChanged", ...args]);
  }
  refreshOutbox(...args: Parameters<CorePort["refreshOutbox"]>) {
    this.#note(["refreshOutbox", ...args]);
  }
  signsOfLife(...args: Parameters<CorePort["signsOfLife"]>) {
    this.#note(["signsOfLife", ...args]);
    return this.signs;
  }
  couldDrain(...args: Parameters<CorePort["couldDrain"]>) {
    this.#note(["couldDrain", ...args]);
    return this.isReady;
  }
  emitLatest(...args: Parameters<CorePort["emitLatest"]>) {
    this.#note(["emitLatest", ...args]);
    return this.refusal;
  }
  setHooks(...args: Parameters<CorePort["setHooks"]>) {
    this.#note(["setHooks", ...args]);
  }
  emitFirst(...args: Parameters<CorePort["emitFirst"]>) {
    this.#note(["emitFirst", ...args]);
    return this.refusal;
  }
  requestFirst(...args: Parameters<CorePort["requestFirst"]>) {
    this.#note(["requestFirst", ...args]);
    return this.refusal;
  }
  prologueDone(...args: Parameters<CorePort["prologueDone"]>) {
    this.#note(["prologueDone", ...args]);
  }
  gapDone(...args: Parameters<CorePort["gapDone"]>) {
    this.#note(["gapDone", ...args]);
  }
  retainTopic(...args: Parameters<CorePort["retainTopic"]>) {
    this.#note(["retainTopic", ...args]);
  }
  releaseTopic(...args: Parameters<CorePort["releaseTopic"]>) {
    this.#note(["releaseTopic", ...args]);
  }
  topicConfirmed(...args: Parameters<CorePort["topicConfirmed"]>) {
    this.#note(["topicConfirmed", ...args]);
  }
  traffic() {
    return (this.counted ??= { received: 0, sent: 0 });
  }
  outboxSize(...args: Parameters<CorePort["outboxSize"]>) {
    return this.outboxes[args[0]] ?? { depth: 0, oldestMs: undefined };
  }
  probeRoundTripMs() {
    return this.probeMs;
  }
  dedupStatistics(...args: Parameters<CorePort["dedupStatistics"]>) {
    this.#note(["dedupStatistics", ...args]);
    return this.statistics[args[0]] ?? noStatistics;
  }
  positions(...args: Parameters<CorePort["positions"]>) {
    this.#note(["positions", ...args]);
    return this.delivered[args[0]] ?? [];
  }
  pace(...args: Parameters<Methods["pace"]>) {
    this.#note(["pace", ...args]);
  }
  suspend() {
    this.#note(["suspend"]);
  }
  resume(...args: Parameters<WorkerCore["resume"]>) {
    this.#note(["resume", ...args]);
  }
  keepDelivery() {
    return this.kept;
  }
  failDelivery(...args: Parameters<WorkerCore["failDelivery"]>) {
    this.#note(["failDelivery", ...args]);
  }
  releaseDelivery(...args: Parameters<WorkerCore["releaseDelivery"]>) {
    this.#note(["releaseDelivery", ...args]);
  }
  isAlive() {
    return this.#isAlive;
  }
  listen(name: string, event: number) {
    this.names.set(name, event);
    this.calls.push(["listen", name, event]);
  }
  unlisten(name: string) {
    this.names.delete(name);
    this.calls.push(["unlisten", name]);
  }
  listenAny(event: number) {
    this.any = event;
    this.calls.push(["listenAny", event]);
  }
  unlistenAny() {
    this.any = undefined;
    this.calls.push(["unlistenAny"]);
  }
  destroy() {
    this.#note(["destroy"]);
    this.#isAlive = false;
    queueMicrotask(() => (this.#freed = true));
  }

  /** Like the real core, this one cannot be called any more once its memory has been freed. */
  #note(call: Call) {
    if (this.#freed) throw new Error(`null pointer passed to rust: ${call[0]}`);
    if (this.#hasFailed) return;
    this.calls.push(call);
    this.onCall(call);
  }

  // What the core says.

  /** Something in it fails: it says so, and after that does nothing more. */
  dies(cause: unknown = new WebAssembly.RuntimeError("unreachable")) {
    this.#hasFailed = true;
    this.#isAlive = false;
    this.events.coreFailed(errorData("core_failed"), cause);
  }

  says(
    state: State,
    { socket = 0, attempt = 0, retryInMs = 0, cause, slow = false }: StatusDetails = {},
  ) {
    this.events.status(socket, state, attempt, retryInMs, cause && errorData(cause), slow);
  }

  /** The auth payload is needed. */
  needsAuth(ticket: number, { socket = 0, attempt = 1, reason = "connect" }: AuthDetails = {}) {
    this.events.authNeeded(socket, ticket, attempt, reason);
  }

  /** An attempt failed: that of one namespace, or of all. */
  fails(code: SockeyeErrorCode, socket = -1) {
    this.events.failed(socket, errorData(code));
  }

  /**
   * The server sent an event; it comes through if it is listened to. Returns whether it counts as
   * delivered.
   */
  delivers(
    name: string,
    args: readonly unknown[] = [],
    { socket = 0, transport = 1, ackId = -1 }: DeliveryDetails = {},
  ) {
    const event = this.names.get(name) ?? this.any;
    if (event === undefined) return true;
    return this.events.delivered(socket, event, [name, ...args], transport, ackId);
  }

  /** An action is in this state now. */
  moves(key: string, state: ActionState, { attempts = 0, error, args = [] }: ActionDetails = {}) {
    this.events.action(0, key, state, attempts, error && errorData(error), args);
  }

  /** The server answered the `index`-th request. */
  answers(index: number, ...args: unknown[]) {
    this.events.settled(this.#requestAt(index), undefined, args);
  }

  /** The `index`-th request ended without an answer. */
  rejects(index: number, code: SockeyeErrorCode) {
    this.events.settled(this.#requestAt(index), errorData(code), []);
  }

  #requestAt(index: number): number {
    const call = this.callsOf("request")[index];
    if (!call) throw new Error(`the core was not asked for request ${index}`);
    return call[1];
  }
}
