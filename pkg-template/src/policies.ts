/** What follows when the server refuses or disconnects a namespace. */
import { fail, type SockeyeError } from "./errors.js";

/** When a client comes back although the server has sent it away. */
export interface ReconnectOn {
  /**
   * After the server's DISCONNECT: never, always, or what the function says at that moment. Default
   * `never`.
   */
  serverDisconnect?: "never" | "always" | (() => boolean) | undefined;
  /**
   * After the server's refusal: never, always, or what the function says. Default `never`, unless the
   * refusal says after what time to try again.
   */
  refused?: "never" | "always" | ((error: SockeyeError) => boolean) | undefined;
}

/** The options that decide. */
export interface Policies {
  reconnectOn: ReconnectOn;
  isAuthExpired: (error: SockeyeError) => boolean;
}

/** Checks the options that decide, and fills in the defaults. Throws `invalid_option`. */
export function resolvePolicies(
  reconnectOn: ReconnectOn = {},
  isAuthExpired: (error: SockeyeError) => boolean = isExpired,
): Policies {
  if (typeof isAuthExpired !== "function") {
    throw fail(
      "invalid_option",
      "isAuthExpired is no function",
      "give a function, or leave it out",
    );
  }
  for (const name of ["serverDisconnect", "refused"] as const) {
    const policy: unknown = reconnectOn[name] ?? "never";
    if (policy !== "never" && policy !== "always" && typeof policy !== "function") {
      const hint = 'give "never", "always" or a function';
      throw fail("invalid_option", `reconnectOn.${name} is ${String(policy)}`, hint);
    }
  }
  return { reconnectOn: { ...reconnectOn }, isAuthExpired };
}

/** Returns what the core does itself after a DISCONNECT, or that it asks. */
export function toCorePolicy({ serverDisconnect = "never" }: ReconnectOn) {
  return typeof serverDisconnect === "function" ? "ask" : serverDisconnect;
}

/** What a server says: `next(new Error("expired"))` in a middleware, or a code in the error's data. */
function isExpired({ data }: SockeyeError): boolean {
  return [field(data, "message"), field(field(data, "data"), "code")].some(
    (text) => text === "expired" || text === "token_expired",
  );
}

/** Returns a field of what may be an object. */
export function field(object: unknown, name: string): unknown {
  return typeof object === "object" && object !== null
    ? (object as Record<string, unknown>)[name]
    : undefined;
}
