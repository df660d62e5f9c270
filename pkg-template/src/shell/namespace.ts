/** A namespace as applications hold it: at once, and with the facade behind it later. */
import type { Action, ActionOptions, ActionStatus } from "../action.js";
import { Deferred } from "../deferred.js";
import type { SockeyeError } from "../errors.js";
import type { NamespaceClient } from "../namespaceClient.js";
import type { Outbox } from "../outbox.js";
import { randomId } from "../randomId.js";
import type { SendOptions } from "../sender.js";
import type { ClientStatus } from "../status.js";
import type { AnyTopicOptions, Topic } from "../topics.js";
import { early } from "./early.js";
import type { Modules } from "./fetchModulesFor.js";
import {
  define,
  held,
  type Kinds,
  type Late,
  method,
  stand,
  state,
  stream,
  value,
} from "./kinds.js";
import { LateStream } from "./lateStream.js";
import { type Launch, toLimit } from "./launch.js";
import { action, outbox, topic } from "./parts.js";

export type InternalOfNamespace =
  | ("~events" | "connection" | "connectUnlessTold" | "desk" | "enqueueWith" | "firstSender")
  | ("handleCoreFailed" | "handleIdentity" | "handleLoaded" | "handleLoadGivenUp" | "hooks")
  | ("listen" | "socket" | "topics" | "traffic");

type Known = "name" | "outbox" | "status" | "steadyStatus";

const idle: ClientStatus = { state: "idle" };

/** What is sent: a name and arguments. */
type Words = [event: string, ...args: unknown[]];

type Options = SendOptions & ActionOptions;

/** What needs to know nothing but that the facade is not there. */
const unknowing = {
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

export class NamespaceShell {
  readonly name: string;
  readonly outbox = {} as object as Outbox;
  readonly status: LateStream<ClientStatus>;
  readonly steadyStatus: LateStream<ClientStatus>;
  /** Whether the application wants it connected. */
  isWanted = false;
  connecting: Deferred | undefined;
  readonly launch: Launch;
  readonly late: Late<NamespaceClient>;
  /** What takes back the newest event of each key. */
  readonly latest = new Map<string, () => void>();
  /** Whether the application has said that it wants no connection. */
  #declined = false;

  constructor(launch: Launch, name: string, make: (status: ClientStatus) => NamespaceClient) {
    this.launch = launch;
    this.name = name;
    this.status = new LateStream(launch, () => this.late.real().status, [idle]);
    this.steadyStatus = new LateStream(launch, () => this.late.real().steadyStatus, [idle]);
    const end = (cause: SockeyeError) => {
      if (!launch.error) this.end({ state: "disconnected", cause });
    };
    this.late = stand(this, launch, this.#kinds(), () => make(this.status.value), end);
    stand(this.outbox, launch, outbox, () => this.late.real().outbox);
    launch.namespaces.push(this);
  }

  connectUnlessTold(): void {
    if (!this.#declined && this.status.value === idle) void this.#connect();
  }

  /** A state that nothing but a load ends is a steady one; `connect()` ends first: a listener may call it again. */
  tell(status: ClientStatus, error = "cause" in status ? status.cause : undefined): void {
    const isSteady = status.state !== "connecting";
    if (isSteady) this.#finish(error);
    this.status.tell(status);
    if (isSteady) this.steadyStatus.tell(status);
  }

  /** There will be no connection. */
  end(status: ClientStatus, error?: SockeyeError): void {
    this.isWanted = false;
    this.tell(status, error);
  }

  /** The application wants no connection. */
  leave(): void {
    this.#declined = true;
    if (this.isWanted) this.end({ state: "disconnected", cause: early("client_disconnect") });
  }

  #connect(): Promise<void> {
    const { launch } = this;
    if (launch.isOver) return launch.ask(this.late.real as () => never);
    const { promise } = (this.connecting ??= new Deferred());
    if (!this.isWanted) {
      this.isWanted = true;
      launch.load();
      if (launch.underWay) this.tell(launch.underWay);
    }
    return promise;
  }

  #finish(error: SockeyeError | undefined): void {
    this.connecting?.settle(error);
    this.connecting = undefined;
  }

  #kinds(): Kinds<NamespaceClient, InternalOfNamespace | Known> {
    const { launch } = this;
    return {
      ...unknowing,
      ...this.#senders({}),
      connect: method(() => this.#connect()),
      refreshAuth: method(() => {
        launch.reconnectNow();
        return this.#connect();
      }),
      disconnect: method(() => this.leave()),
      emitLatest: method((_queue, run, key: string, ...words: Words) => {
        // The newest one of a key takes the place of those before it.
        const earlier = this.latest.get(key);
        this.latest.set(
          key,
          launch.send(words, (words: Words) => run([key, ...words])),
        );
        earlier?.();
      }),
      with: method((_queue, _run, options: Options) => {
        const sender = {};
        const given = { ...options };
        const there = () => this.late.there()?.with(given);
        const real = () => this.late.real().with(given);
        define(sender, launch, this.#senders(given), { there, real });
        return sender as never;
      }),
      topic: method((_queue, run, options: AnyTopicOptions) => {
        const given = [{ ...options }];
        const handle = { key: options.key ?? JSON.stringify(options.join) } as object as Topic;
        stand(handle, launch, topic, () => run(given));
        return handle as never;
      }),
    };
  }

  #senders(options: Options) {
    const { launch } = this;
    return {
      emit: method((_queue, run, ...words: Words) => {
        if (!options.volatile) launch.send(words, run);
      }),
      request: method((_queue, _run, ...words: Words) => this.#request(options, words)),
      enqueue: method((_queue, _run, ...words: Words) => this.#enqueue(options, words)),
    };
  }

  /** It takes no longer than it may, also if the facade does. */
  #request(options: SendOptions, words: Words): Promise<unknown> {
    const { launch } = this;
    const { timeoutMs = launch.options.requestTimeoutMs ?? 10_000, signal } = options;
    const since = performance.now();
    return new Promise((resolve, reject) => {
      if (launch.isOver) this.late.real();
      if (signal?.aborted) throw early("aborted", signal.reason);
      const limit = toLimit(timeoutMs);
      const leave = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", abort);
        forget();
      };
      const end = (error: SockeyeError) => {
        leave();
        reject(error);
      };
      const abort = () => end(early("aborted", signal?.reason));
      const send = (words: Words) => {
        leave();
        resolve(facadeOf(launch).requestSince(this.late.real(), options, since, words));
      };
      const forget = launch.send(words, send, end, true);
      const timer = limit && setTimeout(() => end(early("ack_timeout")), limit);
      signal?.addEventListener("abort", abort);
    });
  }

  #enqueue(options: ActionOptions, words: Words): Action {
    const { launch } = this;
    if (launch.isOver) this.late.real();
    const [event, ...args] = words;
    const id = (launch.options.randomId ?? randomId)();
    const since = performance.now();
    const handle = { id, event, lane: options.lane ?? "default", args } as object as Action;
    const make = (words: Words) =>
      facadeOf(launch).enqueueSince(this.late.real(), options, since, words, id);
    const end = (error: SockeyeError) => {
      const { status } = handle as unknown as { status: LateStream<ActionStatus> };
      if (!launch.error) status.tell({ state: "rejected", attempts: 0, error });
    };
    // One that is refused ends alone.
    const queue = Object.create(launch) as Launch;
    stand(handle, queue, action, make, end, (run, end) =>
      launch.send(words, run, end, false, launch.actions, () => {
        queue.isOver = true;
        const error = (queue.error = early("outbox_full"));
        end(error);
        launch.errors.tell(error);
        return () => {};
      }),
    );
    return handle;
  }
}

const facadeOf = ({ modules }: Launch) => (modules as Modules)[0];
