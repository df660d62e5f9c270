/** The errors of `connect_error` that the server's answer gives rise to. */
import type { ExtendedError } from "./types.js";

const MIGRATION_URL = "https://socket.io/docs/v3/migrating-from-2-x-to-3-0/";

/** A CONNECT without a session id: servers before version 3 answer so. */
export const unsupportedServer = (): Error =>
  new Error(
    "It seems you are trying to reach a Socket.IO server in v2.x with a v3.x client, but they are " +
      `not compatible (more information here: ${MIGRATION_URL})`,
  );

/** Turns the data of a CONNECT_ERROR into an error: a message, and what the middleware added. */
export function refusal(data: unknown): ExtendedError {
  const { message, data: details } = isObject(data) ? data : { message: data, data: undefined };
  return Object.assign(new Error(typeof message === "string" ? message : ""), { data: details });
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;
