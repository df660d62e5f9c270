/** Errors of what is called before the texts of errors are there. */
import { fail, type SockeyeError, type SockeyeErrorCode } from "../errors.js";

/** Makes an error whose message is its code. */
export const early = (
  code: SockeyeErrorCode,
  cause?: unknown,
  hint = "docs/errors.md says what to do",
): SockeyeError => fail(code, code.replaceAll("_", " "), hint, cause);
