/** A namespace as applications hold it: at once, and with the facade behind it later. */
import type { Action, ActionOptions, ActionStatus } from "../action.js";
import { aborted, ackTimeout, clientDisconnect } from "../callErrors.js";
import { Deferred } from "../deferred.js";
import { SockeyeError } from "../errors.js";
import type { NamespaceClient } from "../namespaceClient.js";
import type { Outbox } from "../outbox.js";
import { MAX_BYTES, MAX_ITEMS, outboxFull } from "../outboxBounds.js";
import type { Observer } from "../observable.js";
import { randomId } from "../randomId.js";
import type { SendOptions } from "../sender.js";
import { bufferFull, MAX_SENDS } from "../sendBounds.js";
import type { ClientStatus } from "../status.js";
import type { AnyTopicOptions, Topic } from "../topics.js";
import { timeLeft } from "../timeLeft.js";
import { copy } from "./copy.js";
import { held, type Kinds, type Late, stand, state, stream, value } from "./kinds.js";
import { LateStream } from "./lateStream.js";
import type { Launch } from "./launch.js";
import { action, outbox, topic } from "./parts.js";

export type InternalOfNamespace =
  | ("~events" | "connection" | "connectUnlessTold" | "desk" | "enqueueWith" | "firstSender")
  | ("handleCoreFailed" | "handleIdentity" | "handleLoaded" | "handleLoadGivenUp" | "hooks")
  | ("listen" | "socket" | "topics" | "traffic");

const idle: ClientStatus = { state: "idle" };

const kinds: Kinds<NamespaceClient, InternalOfNamespace | keyof NamespaceShell> = {
  id: value(undefined),
  recovered: value(false),
  continuity: state(undefined),
  on: stream,
  onAny: stream,
  onAnyOutgoing: stream,
  respond: held,
  hold: held,
  use: held,
  onConnected: held,
  onGap: held,
};

/** What is sent: a name and arguments. */
type Words = readonly [event: string, ...args: unknown[]];

interface Sender {
  emit: (...words: Words) => void;
  request: (...words: Words) => Promise<unknown>;
  enqueue: (...words: Words) => Action;
}

export class NamespaceShell {
  readonly name: string;
  readonly outbox = {} as object as Outbox;
  readonly status: LateStream<ClientStatus>;
  readonly steadyStatus: LateStream<ClientStatus>;
  /** Whether the application wants it connected. */
  isWanted = false;
  readonly emit: Sender["emit"];
  readonly request: Sender["request"];
  readonly enqueue: Sender["enqueue"];
  readonly launch: Launch;
  readonly late: Late<NamespaceClient>;
  /** What takes back the newest event of each key. */
  readonly #latest = new Map<string, () => void>();
  /** What waits to be enqueued: how many, and how long they are. */
  #actions = 0;
  #length = 0;
  #connecting: Deferred | undefined;
  /** Whether the application has said that it wants no connection. */
  #declined = false;

  constructor(launch: Launch, name: string, make: (status: ClientStatus) => NamespaceClient) {
    this.launch = launch;
    this.name = name;
    this.status = new LateStream(launch, () => this.late.real().status, [idle]);
    this.steadyStatus = new LateStream(launch, () => this.late.real().steadyStatus, [idle]);
    const late = stand(this, launch, kinds, () => make(this.status.value));
    this.late = late;
    stand(this.outbox, launch, outbox(launch), () => late.real().outbox);
    const { emit, request, enqueue } = this.#sender({}, (real) => real);
    this.emit = emit;
    this.request = request;
    this.enqueue = enqueue;
    launch.namespaces.push(this);
  }

  connect(): Promise<void> {
    const real = this.late.there();
    if (real) return real.connect();
    const { promise } = (this.#connecting ??= new Deferred());
    const { error } = this.launch;
    if (error) this.finishConnecting(error);
    else if (!this.isWanted) {
      this.isWanted = true;
      this.status.set({ state: "connecting", attempt: 1 });
      // A listener may have changed that.
      if (this.isWanted as boolean) this.launch.handleWanted(this);
    }
    return promise;
  }

  connectUnlessTold(): void {
    if (!this.#declined && this.status.value.state === "idle") void this.connect();
  }

  refreshAuth(): Promise<void> {
    const real = this.late.there();
    if (real) return real.refreshAuth();
    this.launch.reconnectNow();
    return this.connect();
  }

  disconnect(): void {
    this.#declined = true;
    const real = this.late.there();
    const isWanted = this.isWanted;
    this.isWanted = false;
    if (real) real.disconnect();
    else if (isWanted) {
      this.tell({ state: "disconnected", cause: new SockeyeError(clientDisconnect) });
    }
  }

  emitLatest(key: string, ...words: Words): void {
    const real = this.late.there();
    if (real) real.emitLatest(key, ...words);
    else this.#sendLatest(key, words);
  }

  with(options: SendOptions & ActionOptions): Sender {
    const real = this.late.there();
    return real ? real.with(options) : this.#sender(options, (real) => real.with(options));
  }

  topic(options: AnyTopicOptions): Topic {
    const real = this.late.there();
    if (real) return real.topics.get(options);
    const { join, leave, ...others } = options;
    const { read } = copy([join, leave ?? undefined]);
    const handle = { key: others.key ?? JSON.stringify(join) } as object as Topic;
    stand(handle, this.launch, topic, () => {
      const [join, leave] = read() as [AnyTopicOptions["join"], AnyTopicOptions["leave"] | null];
      return this.late.real().topics.get({ ...others, join, leave: leave ?? undefined });
    });
    return handle;
  }

  /** The promise of `connect()` ends first: a listener may call that again. */
  tell(status: ClientStatus): void {
    if (status.state !== "connecting" && "cause" in status) this.finishConnecting(status.cause);
    this.setStatus(status);
  }

  /** A state that nothing but a load ends is a steady one. */
  setStatus(status: ClientStatus): void {
    this.status.set(status);
    if (status.state !== "connecting") this.steadyStatus.set(status);
  }

  finishConnecting(error?: SockeyeError): void {
    this.#connecting?.settle(error);
    this.#connecting = undefined;
  }

  /** The facade is there, and knows everything else. */
  takeOver(): void {
    this.#latest.clear();
    const connecting = this.#connecting;
    const real = this.late.there();
    const isBusy = real && ["connecting", "waiting"].includes(real.status.value.state);
    if (isBusy && !this.isWanted) real.disconnect(); // while it took over
    const connected = this.isWanted ? real?.connect() : undefined;
    if (connecting) connected?.then(() => connecting.settle(), connecting.settle);
  }

  #sender(options: SendOptions & ActionOptions, pick: (real: NamespaceClient) => Sender): Sender {
    const { late } = this;
    return {
      emit: (...words) => {
        const real = late.there();
        if (real) pick(real).emit(...words);
        else if (!options.volatile) this.#send(words, (words) => pick(late.real()).emit(...words));
      },
      request: (...words) => {
        const real = late.there();
        return real ? pick(real).request(...words) : this.#request(options, words);
      },
      enqueue: (...words) => {
        const real = late.there();
        return real ? pick(real).enqueue(...words) : this.#enqueue(options, words);
      },
    };
  }

  /** Has something sent as it is now. */
  #send(words: Words, send: (words: Words) => void): void {
    const { read } = this.launch.take(words);
    this.launch.add(() => send(read()));
    this.launch.load();
  }

  /** Has something sent as it is now, and nothing that was to be sent for this key. */
  #sendLatest(key: string, words: Words): void {
    const { read } = copy(words);
    const earlier = this.#latest.get(key);
    if (!earlier && this.#latest.size >= MAX_SENDS) throw new SockeyeError(bufferFull);
    earlier?.();
    const emit = () => this.late.real().emitLatest(key, ...(read() as unknown as Words));
    this.#latest.set(key, this.launch.add(emit));
    this.launch.load();
  }

  /** It takes no longer than it may, also if the facade does. */
  #request(given: SendOptions, words: Words): Promise<unknown> {
    const { launch, late } = this;
    const options = { ...given };
    const { timeoutMs = launch.options.requestTimeoutMs ?? 10_000, signal } = options;
    const since = performance.now();
    return new Promise((resolve, reject) => {
      if (signal?.aborted) throw aborted(signal);
      const { read, giveBack } = launch.take(words);
      let forget = (): void => {};
      const leave = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", abort);
        giveBack();
        forget();
      };
      const end = (error: unknown) => {
        leave();
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- a SockeyeError
        reject(error);
      };
      const abort = () => end(aborted(signal as AbortSignal));
      // The facade says what is no time.
      const isTime = timeoutMs > 0 && timeoutMs < 2 ** 31;
      const timer = isTime
        ? setTimeout(() => end(new SockeyeError(ackTimeout)), timeoutMs)
        : undefined;
      signal?.addEventListener("abort", abort);
      const send = () => {
        leave();
        const left = isTime ? { timeoutMs: timeLeft(timeoutMs, since) } : {};
        const sender = late.real().with({ ...options, ...left });
        resolve(sender.request(...read()));
      };
      forget = launch.add(send, end, true);
      launch.load();
    });
  }

  #enqueue(given: ActionOptions, words: Words): Action {
    const { launch, late } = this;
    if (launch.error) throw launch.error;
    const options = { ...given };
    const { length, read } = copy(words);
    const [event, ...args] = read() as unknown as Words;
    const id = (launch.options.randomId ?? randomId)();
    const since = performance.now();
    const handle = { id, event, lane: options.lane ?? "default", args } as object as Action;
    const { maxItems = MAX_ITEMS, maxBytes = MAX_BYTES } = launch.options.outbox ?? {};
    if (this.#actions >= maxItems || this.#length + length > maxBytes) return this.#refuse(handle);
    this.#actions += 1;
    this.#length += length;
    stand(
      handle,
      launch,
      action,
      () => {
        const { ttlMs = 0 } = options;
        const left = ttlMs > 0 ? { ttlMs: timeLeft(ttlMs, since) } : {};
        return late.real().enqueueWith({ ...options, ...left }, event, args, id);
      },
      (error) => {
        const { status } = handle as unknown as { status: LateStream<ActionStatus> };
        if (!launch.error) status.set({ state: "rejected", attempts: 0, error });
      },
    );
    launch.load();
    return handle;
  }

  /** There is no room for an action. */
  #refuse(handle: Action): Action {
    const { launch } = this;
    const error = new SockeyeError(outboxFull);
    const value: ActionStatus = { state: "rejected", attempts: 0, error };
    const result = Promise.reject(error);
    result.catch(() => {}); // nobody has to ask
    const find = () => {
      if (launch.isOver) throw error;
      // Those who wait have been told.
      return { subscribe: (observer: Observer<ActionStatus>) => observer.complete?.() } as never;
    };
    launch.errors.tell(error);
    const status = new LateStream(launch, find, [value]);
    const others = { attempts: 0, accepted: result, result, cancel: () => Promise.resolve(true) };
    return Object.assign(handle, { status, ...others });
  }
}
