/** What applications work with: a client, and the namespaces on it. */
import { Connection } from "./connection.js";
import type { SockeyeError } from "./errors.js";
import type { DefaultEvents } from "./events.js";
import { NamespaceClient } from "./namespaceClient.js";
import { Observable } from "./observable.js";
import { type Auth, type ClientOptions, resolveOptions, toNamespace } from "./options.js";
import type { CreateCore } from "./port.js";

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
  readonly #namespaces = new Map<string, NamespaceClient>();

  /** @internal */
  constructor(url: string | URL, options: ClientOptions, createCore: CreateCore) {
    const resolved = resolveOptions(url, options);
    super(new Connection(resolved, createCore), resolved.namespace, resolved.auth);
    const { errors } = this.connection;
    this.errors = new Observable((observer) => errors.add(observer));
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
    const path = toNamespace(name);
    let namespace = this.#namespaces.get(path);
    if (!namespace) {
      namespace = new NamespaceClient(this.connection, path, auth);
      this.#namespaces.set(path, namespace);
    }
    return namespace as unknown as NamespaceClient<Listen, Emit>;
  }

  /** Ends a wait for the next attempt. Does nothing in any other state. */
  reconnectNow(): void {
    this.connection.reconnectNow();
  }

  /**
   * Ends everything: the status is `closed`, requests reject, streams complete, and no timer, socket or
   * listener is left. The client cannot be used again.
   */
  async destroy(): Promise<void> {
    this.connection.destroy();
    await Promise.resolve();
  }
}
