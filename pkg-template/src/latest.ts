/** Events of which only the newest counts, while the core is being loaded. */
import type { Connection } from "./connection.js";
import { fail, SockeyeError } from "./errors.js";
import type { Outgoing } from "./serialize.js";

/** The same bound holds when the core is there. */
const MAX_KEYS = 1_000;

export class Latest {
  readonly #scope: { readonly connection: Connection; readonly socket: number };
  readonly #waiting = new Map<string, Outgoing>();

  constructor(scope: { readonly connection: Connection; readonly socket: number }) {
    this.#scope = scope;
  }

  /** Throws `buffer_full` or `client_destroyed`. */
  emit(key: string, outgoing: Outgoing): void {
    const { connection, socket } = this.#scope;
    connection.assertAlive();
    const { body, attachments } = outgoing;
    if (connection.core) {
      const error = connection.core.emitLatest(socket, key, body, attachments);
      if (error) throw new SockeyeError(error);
    } else {
      if (!this.#waiting.has(key) && this.#waiting.size >= MAX_KEYS) throw full();
      this.#waiting.set(key, outgoing);
      connection.load();
    }
  }

  /** What the user before has not sent is dropped. */
  handleIdentity(): void {
    this.#waiting.clear();
  }

  handleLoaded(): void {
    const { connection, socket } = this.#scope;
    for (const [key, { body, attachments }] of this.#waiting) {
      connection.core?.emitLatest(socket, key, body, attachments);
    }
    this.#waiting.clear();
  }
}

function full(): SockeyeError {
  return fail("buffer_full", "events of 1,000 keys wait for the connection", "use fewer keys");
}
