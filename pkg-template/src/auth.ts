/** The auth payload of a namespace: asked for before each CONNECT, and given up when it is too late. */
import type { Causes } from "./causes.js";
import type { CorePort } from "./port.js";
import { Question } from "./question.js";
import { stringifyAuth } from "./serialize.js";

/** What is sent with CONNECT: a JSON object. */
export type AuthPayload = Record<string, unknown>;

/** Why the option `auth` is asked. */
export type AuthReason =
  /** The client connects, for the first time or again. */
  | "connect"
  /** The server has refused the last payload because it had expired. */
  | "expired"
  /** `refreshAuth()` was called. */
  | "refresh";

/** What the option `auth` is told when it is a function. */
export interface AuthRequest {
  /** Aborts when the answer is of no use any more: too late, disconnected, or asked anew. */
  readonly signal: AbortSignal;
  /** The number of the attempt, counted from 1 since the last connection. */
  readonly attempt: number;
  readonly reason: AuthReason;
}

/** The auth payload of a namespace, or where to get it. */
export type Auth =
  | AuthPayload
  | ((request: AuthRequest) => AuthPayload | undefined | Promise<AuthPayload | undefined>);

/** Where the answers go. */
interface AuthConnection {
  readonly causes: Causes | undefined;
  readonly core: CorePort | undefined;
}

/** Asks the application for auth. Loaded with the core. */
export class Authenticator {
  readonly #auth: Auth | undefined;
  readonly #connection: AuthConnection;
  readonly #question = new Question();

  constructor(auth: Auth | undefined, connection: AuthConnection) {
    this.#auth = auth;
    this.#connection = connection;
  }

  /** Asks; whatever was asked before counts no more. */
  async ask(socket: number, ticket: number, attempt: number, reason: AuthReason): Promise<void> {
    const asking = this.#question.begin();
    const { signal } = asking;
    const { causes, core } = this.#connection;
    try {
      const auth = this.#auth;
      const payload: unknown =
        typeof auth === "function" ? await auth({ signal, attempt, reason }) : auth;
      const text = stringifyAuth(payload);
      if (this.#isWanted(asking, core)) core?.authenticate(socket, ticket, text);
    } catch (error) {
      if (!this.#isWanted(asking, core)) return;
      causes?.noteAuth(socket, { cause: error });
      if (isStopReconnecting(error)) core?.stopAuthentication(socket, ticket);
      else core?.failAuthentication(socket, ticket);
    }
  }

  /** Whether the core that asked is still there and waits for the answer. */
  #isWanted(asking: AbortController, core: CorePort | undefined): boolean {
    return this.#question.finish(asking) && core === this.#connection.core;
  }

  /** Gives up what is being asked. */
  cancel(): void {
    this.#question.cancel();
  }
}

/** Looks at the name, so that it also knows those of another copy of the package. */
function isStopReconnecting(error: unknown): boolean {
  return error instanceof Error && error.name === "StopReconnecting";
}
