import { fail, type SockeyeError } from "./errors.js";

/** Makes the error of arguments that nothing on the wire stands for. */
export function notSerializable(cause?: unknown): SockeyeError {
  const hint = "send what JSON can hold, or binary data: no BigInt, no circular references";
  return fail("not_serializable", "the arguments cannot be written as JSON", hint, cause);
}
