/** What can be set of a mock server. */
import { fail } from "../errors.js";
import type { ConnectionSettings } from "./connection.js";
import type { NamespaceSettings } from "./namespace.js";

/** How a client gets back what it missed, as in socket.io. */
export interface RecoveryOptions {
  /** How long a socket's state is kept, in milliseconds. Default 120,000. */
  maxDisconnectionDuration?: number | undefined;
  /** Whether middlewares are not asked about who comes back so. Default true. */
  skipMiddlewares?: boolean | undefined;
}

/** The options of {@link createMockServer}. Those that socket.io has, have its names. */
export interface MockServerOptions<Server> {
  /**
   * What the server's program does when it starts: its middlewares and handlers. It is called at once, and again
   * after a restart that loses memory.
   */
  setUp?: ((server: Server) => void) | undefined;
  /**
   * Sends pings at this interval, in milliseconds. Default: no heartbeat, and no timer that a test would have to
   * wait for.
   */
  pingInterval?: number | undefined;
  /** How long the answer to a ping may take, in milliseconds. Default 20,000, if there are pings. */
  pingTimeout?: number | undefined;
  /** The largest message that the server takes, in bytes. Default 1,000,000. */
  maxHttpBufferSize?: number | undefined;
  /** Lets clients come back with their state. Default: not; `{}` turns it on. */
  connectionStateRecovery?: RecoveryOptions | undefined;
  /** Makes ids, and the chances of faults. Same seed, same rules, same calls: same log. Default 1. */
  seed?: number | undefined;
}

/** About eleven days: it never comes in a test, and clients take it. */
const never = 1_000_000_000;

export interface Settings {
  readonly connection: ConnectionSettings;
  readonly recovery: NamespaceSettings["recovery"];
  readonly seed: number;
}

/** Throws `invalid_option`. */
export function resolve(options: MockServerOptions<never>): Settings {
  const { pingInterval, connectionStateRecovery, maxHttpBufferSize = 1_000_000 } = options;
  const hasHeartbeat = pingInterval !== undefined;
  const { pingTimeout = hasHeartbeat ? 20_000 : never, seed = 1 } = options;
  const { maxDisconnectionDuration: keepMs = 120_000, skipMiddlewares = true } =
    connectionStateRecovery ?? {};
  const times = { pingInterval: pingInterval ?? never, pingTimeout };
  checkNumbers({ ...times, maxHttpBufferSize, maxDisconnectionDuration: keepMs });
  if (!Number.isSafeInteger(seed)) throw wrong("seed", seed);
  return {
    connection: { ...times, hasHeartbeat, maxHttpBufferSize },
    recovery: connectionStateRecovery && { keepMs, skipMiddlewares },
    seed,
  };
}

function checkNumbers(numbers: Record<string, number>): void {
  for (const [name, number] of Object.entries(numbers)) {
    if (!Number.isSafeInteger(number) || number < 1) throw wrong(name, number);
  }
}

const wrong = (name: string, value: unknown) =>
  fail("invalid_option", `${name} is ${String(value)}`, "give a whole number, without a unit");
