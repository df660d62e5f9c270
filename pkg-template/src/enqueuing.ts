/** What can be wrong with an action when it is enqueued, and the key in its argument. */
import { fail, type SockeyeError } from "./errors.js";

/** Copies the first argument and writes the key into it. */
export function withKey(
  args: readonly unknown[],
  keyField: string,
  key: string,
): readonly unknown[] {
  const [first, ...rest] = args;
  if (typeof first !== "object" || first === null || Array.isArray(first)) {
    const hint = "with `keyField` the first argument has to be an object";
    throw fail("invalid_option", `there is no place for "${keyField}"`, hint);
  }
  return [{ ...first, [keyField]: key }, ...rest];
}

export function noId(): SockeyeError {
  return fail("invalid_option", "`randomId` gave no id", "let it give a text that is not empty");
}

export function duplicate(id: string): SockeyeError {
  const hint = "let `randomId` give another one each time";
  return fail("duplicate_key", `there is an action with the id "${id}"`, hint);
}
