/** A client as applications hold it: at once, and with the facade behind it later. */
import { type Address, parseAddress } from "../address.js";
import type { Auth } from "../auth.js";
import type { Client } from "../client.js";
import type { Dedup, DedupSnapshot } from "../dedup.js";
import type { SockeyeError } from "../errors.js";
import type { Metrics } from "../metrics.js";
import type { NamespaceClient } from "../namespaceClient.js";
import { toNamespace } from "../namespaceName.js";
import type { ClientOptions } from "../options.js";
import { isPageOrWorker } from "../page.js";
import type { Trace, TraceOptions } from "../trace.js";
import { answer, type Kinds, stand, value } from "./kinds.js";
import { LateStream } from "./lateStream.js";
import { Launch, type Surroundings } from "./launch.js";
import { type InternalOfNamespace, NamespaceShell } from "./namespace.js";
import { trace } from "./parts.js";

type InternalOfClient = InternalOfNamespace | "forget" | "open";

/** Lacks nothing that is public. */
type Complete = Record<Exclude<keyof Client, InternalOfClient | keyof NamespaceClient>, unknown>;

export class ClientShell extends NamespaceShell implements Complete {
  readonly errors: LateStream<SockeyeError>;
  readonly dedup = {} as object as Dedup;
  #metrics: LateStream<Metrics> | undefined;
  #identity: string | undefined;

  /** Throws `invalid_url`, or `invalid_option` for what is no namespace. */
  constructor(given: Address, { ...options }: ClientOptions, surroundings: Surroundings) {
    const url = given instanceof URL ? given.href : given;
    const path = typeof url === "function" ? "/" : parseAddress(url).address.pathname;
    keepAsTheyAre(options);
    const launch = new Launch(
      options,
      surroundings,
      ([{ makeClient }, { createCore }], failures) => {
        const before = { failures, status: this.status.value };
        return makeClient(url, { ...options, autoConnect: false }, createCore, before);
      },
    );
    launch.isAsked = typeof url === "function";
    super(launch, toNamespace(options.namespace ?? path), () => launch.facade as never);
    this.errors = launch.errors;
    this.#identity = options.identity;
    const kinds: Kinds<Dedup> = {
      statistics: value({ identified: 0, duplicates: 0, evicted: 0, evictedStreams: 0 }),
      snapshot: answer(() => this.#restored()),
    };
    stand(this.dedup, launch, kinds, () => launch.facade.dedup);
    if (options.autoConnect ?? isPageOrWorker()) queueMicrotask(() => this.connectUnlessTold());
  }

  namespace(name: string, { auth }: { auth?: Auth } = {}): NamespaceShell {
    this.#there?.connection.assertAlive();
    const { launch } = this;
    const path = toNamespace(name);
    return (
      launch.namespaces.find((known) => known.name === path) ??
      new NamespaceShell(launch, path, (status) => launch.facade.open(path, auth, status))
    );
  }

  /** They count from now on. */
  get metrics(): LateStream<Metrics> {
    const { launch } = this;
    const find = () => launch.facade.metrics;
    if (!this.#metrics) launch.add(find, () => {});
    return (this.#metrics ??= new LateStream(launch, find, [noMetrics]));
  }

  trace(given?: TraceOptions): Trace {
    if (this.#there) return this.#there.trace(given);
    const options = { ...given };
    const handle = {} as object as Trace;
    const { launch } = this;
    stand(handle, launch, trace, () => launch.facade.trace(options));
    return handle;
  }

  get identity(): string | undefined {
    return this.#there ? this.#there.identity : this.#identity;
  }

  setIdentity(identity: string | undefined): void {
    this.launch.add(() => this.launch.facade.setIdentity(identity));
    this.#identity = identity;
  }

  logout(options: { queue: "keep" | "discard" }): void {
    const { launch } = this;
    if (this.#there) this.#there.logout(options);
    else {
      launch.add(() => launch.facade.forget(options.queue));
      for (const namespace of launch.namespaces) namespace.disconnect();
      this.#identity = undefined;
      if (options.queue === "discard") launch.load();
    }
  }

  reconnectNow(): void {
    (this.#there ?? this.launch).reconnectNow();
  }

  /** A listener may want that while the facade takes over. */
  async destroy(): Promise<void> {
    this.launch.destroy();
    await this.#there?.destroy();
  }

  get #there(): Client | undefined {
    return this.late.there() as unknown as Client | undefined;
  }

  #restored(): DedupSnapshot {
    if (this.launch.error) throw this.launch.error;
    const { dedup } = this.launch.options;
    const restore = dedup ? dedup.restore : undefined;
    const identity = this.#identity ?? "";
    const positions = restore?.identity === identity ? restore.positions : {};
    return { version: 1, identity, positions };
  }
}

/** What is changed afterwards does not count, as with the facade; only an object of `auth` is read each time. */
function keepAsTheyAre(options: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(options)) {
    const isPlain = Object.getPrototypeOf(value ?? 0) === Object.prototype;
    if (isPlain && name !== "auth") options[name] = { ...(value as object) };
  }
}

const none = { events: 0, bytes: 0 };
const noMetrics: Metrics = {
  roundTrip: { lastMs: undefined, smoothedMs: undefined, probeMs: undefined },
  reconnections: {},
  outbox: { depth: 0, oldestMs: undefined },
  duplicates: 0,
  vetoed: 0,
  received: none,
  sent: none,
  errors: {},
};
