/** What the core asks the application about the connection as a whole. Loaded with the core. */
import { AddressSource } from "./addressSource.js";
import { Causes } from "./causes.js";
import type { SockeyeError } from "./errors.js";
import type { ResolvedOptions } from "./options.js";
import type { CorePort } from "./port.js";
import { decide } from "./verdict.js";

/** Asks the application, and tells the core the answers. */
export class Questions {
  readonly #core: CorePort;
  readonly #options: ResolvedOptions;
  readonly causes = new Causes();
  readonly #addresses: AddressSource;

  constructor(core: CorePort, options: ResolvedOptions) {
    this.#core = core;
    this.#options = options;
    this.#addresses = new AddressSource(options.url, options.endpoint, {
      give: (ticket, { webSocketUrl, pollingUrl }) =>
        core.useAddress(ticket, webSocketUrl, pollingUrl),
      fail: (ticket, cause) => {
        this.causes.noteAddress({ cause });
        core.failAddress(ticket);
      },
    });
  }

  /** The address for an attempt is needed. */
  askForAddress(ticket: number, attempt: number): void {
    this.causes.noteAddress(undefined);
    void this.#addresses.ask(ticket, attempt);
  }

  /** Nobody waits for the address any more. */
  cancelAddress(): void {
    this.#addresses.cancel();
  }

  /** The server has refused or disconnected a namespace. */
  judge(
    socket: number,
    ticket: number,
    error: SockeyeError,
    canRefresh: boolean,
    report: (error: unknown) => void,
  ): void {
    const { verdict, afterMs } = decide(error, this.#options.policies, canRefresh, report);
    this.#core.judge(socket, ticket, verdict, afterMs);
  }
}
