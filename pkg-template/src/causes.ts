/** What the core's errors are about, which only this side knows. */
import { type ErrorData, SockeyeError } from "./errors.js";

/** What the application threw. */
interface Failure {
  readonly cause: unknown;
}

/** Remembers why the application's auth or address failed, and what the server said. */
export class Causes {
  readonly #auth = new Map<number, Failure>();
  readonly #refusals = new Map<number, unknown>();
  #address: Failure | undefined;

  /** The application is asked for the auth of a namespace, or has failed to give it. */
  noteAuth(socket: number, failure: Failure | undefined): void {
    if (failure) this.#auth.set(socket, failure);
    else this.#auth.delete(socket);
  }

  /** The same for the address. */
  noteAddress(failure: Failure | undefined): void {
    this.#address = failure;
  }

  /** The server has refused a namespace. */
  noteRefusal(socket: number, data: unknown): void {
    this.#refusals.set(socket, data);
  }

  /** Makes an error of what the core says. */
  toError(socket: number, data: ErrorData): SockeyeError {
    const { code } = data;
    if (code === "connect_refused") {
      return new SockeyeError(data, { data: this.#refusals.get(socket) });
    }
    const isAuth = code === "auth_failed" || code === "auth_stopped";
    const isAddress = code === "address_failed";
    if (!isAuth && !isAddress) return new SockeyeError(data);
    return new SockeyeError(
      data,
      (isAuth ? this.#auth.get(socket) : this.#address) ?? tookTooLong(),
    );
  }
}

/** The core has given it up, and the application has not answered since. */
const tookTooLong = (): Failure => ({ cause: new Error("it took too long") });
