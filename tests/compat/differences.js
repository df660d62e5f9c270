/** Where `sockeye-client/compat` is meant to differ from the official client; `docs/compat.md` says why. */
export const differences = {
  recoveredIsBoolean: "`recovered` is false, not undefined, without recovery on the server",
  offsetIsHidden: "listeners do not see the recovery offset",
  offsetHasItsForm: "a volatile event's own last string is not taken for an offset",
  authMayBeAsync: "a promise that the `auth` function returns is awaited",
  moreAttachments: "incoming packets may have 64 attachments instead of 10",
  retriesWithoutTimeout: "`retries` without `ackTimeout` takes the first answer as one",
};
