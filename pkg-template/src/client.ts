/** What applications work with: a client, and the namespaces on it. */
import type { Address } from "./address.js";
import type { Auth } from "./auth.js";
import { type Before, Connection } from "./connection.js";
import { Dedup } from "./dedup.js";
import { fail, type SockeyeError } from "./errors.js";
import type { DefaultEvents } from "./events.js";
import { Meter, type Metrics } from "./metrics.js";
import { NamespaceClient } from "./namespaceClient.js";
import { assertNamespace, toNamespace } from "./namespaceName.js";
import { Observable, type StateObservable } from "./observable.js";
import { type ClientOptions, resolveOptions, toIdentity } from "./options.js";
import type { CreateCore } from "./port.js";
import type { ClientStatus } from "./status.js";
import { Trace, type TraceOptions } from "./trace.js";

/**
 * A connection to a server: the namespace of its address, further ones, and what they share.
 *
 * Made by {@link createClient}.
 */
export class Client<
  ListenEvents extends object = DefaultEvents,
  EmitEvents extends object = ListenEvents,
> extends NamespaceClient<ListenEvents, EmitEvents> {
  /**
   * Failed attempts, broken frames, listeners that throw: everything that went wrong without a call
   * that could have failed.
   */
  readonly errors: Observable<SockeyeError>;
  /** What has been delivered, and what came again. */
  readonly dedup: Dedup;
  readonly #namespaces = new Map<string, NamespaceClient>();
  #meter: Meter | undefined;

  /** @internal */
  constructor(url: Address, options: ClientOptions, createCore: CreateCore, before: Before = {}) {
    const resolved = resolveOptions(url, options);
    const connection = new Connection(resolved, createCore, before);
    super(connection, resolved.namespace, resolved.auth, before.status);
    const { errors } = this.connection;
    this.errors = new Observable((observer) => errors.add(observer));
    this.dedup = new Dedup(this.connection);
    this.#namespaces.set(this.name, this as unknown as NamespaceClient);
    if (resolved.autoConnect) queueMicrotask(() => this.connectUnlessTold());
  }

  /**
   * Returns the client of another namespace on the same connection, with a status and auth of its own.
   *
   * The same name gives the same client; `auth` counts the first time. It connects when `connect()` is
   * called.
   *
   * @example
   * const admin = client.namespace("/admin", { auth: { token } });
   * await admin.connect();
   */
  namespace<Listen extends object = DefaultEvents, Emit extends object = Listen>(
    name: string,
    { auth }: { auth?: Auth } = {},
  ): NamespaceClient<Listen, Emit> {
    this.connection.assertAlive();
    return this.open(toNamespace(name), auth) as unknown as NamespaceClient<Listen, Emit>;
  }

  /** @internal Returns a namespace; `status` is what it had before, if it is new. Throws `invalid_option`. */
  open(path: string, auth?: Auth, status?: ClientStatus): NamespaceClient {
    assertNamespace(path);
    let namespace = this.#namespaces.get(path);
    if (!namespace) {
      namespace = new NamespaceClient(this.connection, path, auth, status);
      this.#namespaces.set(path, namespace);
    }
    return namespace;
  }

  /**
   * Figures about all namespaces, counted from the first use of this on: read `value`, or subscribe to get
   * them each second (option `metricsIntervalMs`).
   *
   * @example
   * client.metrics.subscribe(({ roundTrip, outbox }) => show(roundTrip.smoothedMs, outbox.depth));
   */
  get metrics(): StateObservable<Metrics> {
    const outboxDepth = () =>
      [...this.#namespaces.values()].reduce((sum, { outbox }) => sum + outbox.actions.size, 0);
    return (this.#meter ??= new Meter(this.connection, outboxDepth)).observable;
  }

  /**
   * Keeps the last things that happen in all namespaces, to look at when something is odd.
   *
   * @throws {SockeyeError} `invalid_option`, `client_destroyed`.
   * @example
   * const trace = client.trace({ size: 500 });
   * console.table(trace.entries);
   */
  trace(options: TraceOptions = {}): Trace {
    this.connection.assertAlive();
    return new Trace(this.connection, options);
  }

  /** @internal */
  override handleLoaded(): void {
    super.handleLoaded();
    this.#meter?.handleLoaded();
  }

  /** The user, as the option `identity` or {@link setIdentity} said; undefined if there is none. */
  get identity(): string | undefined {
    return this.connection.identity || undefined;
  }

  /**
   * Says who the user is from now on; undefined for nobody.
   *
   * Nothing of one user is ever sent as another: what `emit` had kept for the connection is dropped,
   * requests that were not sent reject with `identity_changed`, and sessions are not recovered.
   * Namespaces that are connected are left, and join anew over a connection of their own, for which
   * `auth` is asked. The same user again changes nothing.
   *
   * @throws {SockeyeError} `invalid_option` for an empty text, `client_destroyed`.
   * @example
   * client.setIdentity(user.id);
   */
  setIdentity(identity: string | undefined): void {
    const next = toIdentity(identity);
    this.connection.assertAlive();
    if (next !== this.connection.identity) this.connection.setIdentity(next);
  }

  /**
   * Leaves all namespaces in good order and forgets the user; `connect()` comes back, as nobody.
   *
   * What `emit` had kept for the connection is dropped. `queue` says what becomes of what waits in the
   * queue: `keep` it for when the user comes back, or `discard` it, also what earlier pages have stored. The
   * core is loaded for that if it is not there yet; what goes wrong is told by {@link errors}.
   *
   * @throws {SockeyeError} `invalid_option` if `queue` is neither, `client_destroyed`.
   * @example
   * client.logout({ queue: "keep" });
   */
  logout({ queue }: { queue: "keep" | "discard" }): void {
    this.connection.assertAlive();
    checkQueue(queue);
    for (const namespace of this.#namespaces.values()) namespace.disconnect();
    this.forget(queue);
  }

  /** @internal Forgets the user. */
  forget(queue: "keep" | "discard"): void {
    checkQueue(queue);
    if (queue === "discard") this.connection.core?.discardQueue();
    this.connection.setIdentity("", queue === "discard");
  }

  /**
   * Ends a wait for the next attempt. Does nothing in any other state.
   *
   * @example
   * button.onclick = () => client.reconnectNow();
   */
  reconnectNow(): void {
    this.connection.reconnectNow();
  }

  /**
   * Ends everything: the status is `closed`, requests reject, streams complete, and no timer, socket or
   * listener is left. The client cannot be used again.
   *
   * @example
   * await client.destroy();
   */
  async destroy(): Promise<void> {
    this.connection.destroy();
    await Promise.resolve();
  }
}

/** What is to be kept must not be lost by a slip of the pen, nor the other way round. */
function checkQueue(queue: unknown): void {
  if (queue === "keep" || queue === "discard") return;
  throw fail("invalid_option", `queue is ${String(queue)}`, 'give "keep" or "discard"');
}
