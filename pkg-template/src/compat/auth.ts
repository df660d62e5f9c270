/** The question for the credentials of a namespace. */
import type { Auth } from "./types.js";

/** Where the answer goes; only the first one counts. */
export interface AuthAnswer {
  answer: (data: unknown) => void;
  fail: (error: Error) => void;
}

/**
 * Asks for what is sent with CONNECT.
 *
 * A function answers by calling its parameter, at once or later, or by returning a promise of the
 * payload.
 */
export function askForAuth(socket: { auth?: Auth }, { answer, fail }: AuthAnswer): void {
  if (typeof socket.auth !== "function") {
    answer(socket.auth);
    return;
  }
  const refuse = (error: unknown) =>
    fail(error instanceof Error ? error : new Error(String(error)));
  try {
    const returned: unknown = socket.auth(answer);
    if (isPromise(returned)) returned.then((data) => answerWith(data, answer), refuse);
  } catch (error) {
    refuse(error);
  }
}

/** An `async` function that answers by its parameter resolves with nothing. */
function answerWith(data: unknown, answer: (data: unknown) => void): void {
  if (typeof data === "object" && data !== null) answer(data);
}

const isPromise = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as PromiseLike<unknown> | undefined)?.then === "function";
