/** What a failure has to look like. */
import assert from "node:assert/strict";

/** Checks that `failure` is our error with this code and a hint, and that it did not take too long. */
export function assertFailure(failure, code, limitMs = Infinity) {
  assert.equal(failure.code, code, JSON.stringify(failure));
  assert.equal(failure.name, "SockeyeError");
  assert.ok(failure.known, "isSockeyeError() knows it");
  assert.ok(failure.hint, `${code} says what to do`);
  assert.ok((failure.ms ?? 0) < limitMs, `${code} after ${failure.ms} ms`);
}
