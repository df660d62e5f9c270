/** A client as applications hold it: at once, and with the facade behind it later. */
import type { Address } from "../address.js";
import type { Auth } from "../auth.js";
import type { Client } from "../client.js";
import type { Dedup } from "../dedup.js";
import type { SockeyeError } from "../errors.js";
import type { Metrics } from "../metrics.js";
import type { NamespaceClient } from "../namespaceClient.js";
import type { ClientOptions } from "../options.js";
import { isPageOrWorker } from "../page.js";
import type { Trace, TraceOptions } from "../trace.js";
import { early } from "./early.js";
import { define, getter, type Kinds, method, stand, value } from "./kinds.js";
import { LateStream } from "./lateStream.js";
import { Launch, type Surroundings } from "./launch.js";
import { type InternalOfNamespace, NamespaceShell } from "./namespace.js";
import { trace } from "./parts.js";

type InternalOfClient = InternalOfNamespace | "forget" | "open";

type Known = "errors" | "dedup" | "namespace" | "destroy";

export class ClientShell extends NamespaceShell {
  readonly errors: LateStream<SockeyeError>;
  readonly dedup = {} as object as Dedup;

  /** Throws `invalid_url`. */
  constructor(given: Address, { ...options }: ClientOptions, surroundings: Surroundings) {
    const url = given instanceof URL ? given.href : given;
    const path = typeof url === "function" ? "/" : toPath(url);
    const launch: Launch = new Launch(options, surroundings, ([{ makeClient }, { createCore }]) => {
      const before = { failures: launch.failures, status: this.status.value };
      return makeClient(url, { ...options, autoConnect: false }, createCore, before);
    });
    super(launch, toName(options.namespace ?? path), () => launch.facade as never);
    this.errors = launch.errors;
    define(this, launch, clientKinds(launch), this.late);
    const findDedup = () => launch.facade.dedup;
    stand(
      this.dedup,
      launch,
      dedupKinds(options, () => this.identity),
      findDedup,
    );
    if (options.autoConnect ?? isPageOrWorker()) queueMicrotask(() => this.connectUnlessTold());
  }

  declare readonly identity: string | undefined;

  /** Throws `invalid_option` if the facade has found that the name is wrong. */
  namespace(name: string, { auth }: { auth?: Auth } = {}): NamespaceShell {
    const { launch } = this;
    launch.client?.connection.assertAlive();
    const path = toName(name);
    const shell =
      launch.namespaces.find((known) => known.name === path) ??
      new NamespaceShell(launch, path, (status) => launch.facade.open(path, auth, status));
    if (launch.isOver) shell.late.real();
    return shell;
  }

  /** A listener may want that while the facade takes over. */
  async destroy(): Promise<void> {
    this.launch.destroy();
    await this.launch.client?.destroy();
  }
}

function clientKinds(
  launch: Launch,
): Kinds<Client, InternalOfClient | keyof NamespaceClient | Known> {
  let { identity } = launch.options;
  let metrics: LateStream<Metrics> | undefined;
  return {
    identity: getter(() => identity),
    setIdentity: method((queue, run, given: string | undefined) => {
      queue.add(run);
      identity = given;
    }),
    logout: method((queue, _run, options: { queue: "keep" | "discard" }) => {
      queue.add(() => launch.facade.forget(options.queue));
      for (const namespace of launch.namespaces) namespace.leave();
      identity = undefined;
      if (options.queue === "discard") queue.load();
    }),
    reconnectNow: method(() => launch.reconnectNow()),
    // They count from now on.
    metrics: getter((queue, read) => {
      if (!metrics) queue.add(read, () => {});
      return (metrics ??= new LateStream<Metrics>(queue, read, [noMetrics]));
    }),
    trace: method((queue, run, options: TraceOptions = {}) => {
      const given = [{ ...options }];
      const handle = {} as object as Trace;
      stand(handle, queue, trace, () => run(given));
      return handle;
    }),
  };
}

function dedupKinds(
  { dedup }: ClientOptions,
  findIdentity: () => string | undefined,
): Kinds<Dedup> {
  return {
    statistics: value({ identified: 0, duplicates: 0, evicted: 0, evictedStreams: 0 }),
    snapshot: method(({ error }) => {
      if (error) throw error;
      const restore = dedup ? dedup.restore : undefined;
      const identity = findIdentity() ?? "";
      return restore?.identity === identity ? restore : { version: 1, identity, positions: {} };
    }),
  };
}

/** Returns the path of an address; the facade finds out what else is wrong with it. */
function toPath(url: string): string {
  const page = (globalThis as { location?: Location }).location?.href;
  try {
    const { protocol, pathname } = new URL(url, url.startsWith("/") ? "http://page" : page);
    if (/^(http|ws)s?:$/.test(protocol)) return pathname;
  } catch {
    // It is told below: the cause would show what may be secret.
  }
  throw early("invalid_url", undefined, 'give an address like "https://example.com/namespace"');
}

/** Returns the name of a namespace; the facade finds out what is wrong with it. */
function toName(path: string): string {
  let name = path;
  try {
    name = decodeURI(path);
  } catch {
    // It stays as it is.
  }
  return name.startsWith("/") ? name : `/${name}`;
}

const none = { events: 0, bytes: 0 };
const noMetrics: Metrics = {
  roundTrip: {} as Metrics["roundTrip"],
  reconnections: {},
  outbox: { depth: 0 } as Metrics["outbox"],
  duplicates: 0,
  vetoed: 0,
  received: none,
  sent: none,
  errors: {},
};
