/**
 * `sockeye-client/testing`: a mock server in the process of the test, or in the page.
 *
 * It imports nothing of the client, and no wasm. How to use it: `docs/testing.md`.
 *
 * From below: `frames`, `packets`, `random` know no state; `lane` and `link` are a connection with its faults;
 * `connection` is a session of Engine.IO; `namespace`, `socket`, `broadcast` are what handlers see; `mockServer`
 * joins them.
 */
import { MockServer } from "./mockServer.js";
import type { MockServerOptions } from "./options.js";
import type { DefaultEvents } from "../events.js";

export type { Broadcast } from "./broadcast.js";
export type { Connection, HandshakeRequest } from "./connection.js";
export type {
  EventMatch,
  Fault,
  FaultRule,
  Malformed,
  Order,
  PacketMatch,
  Refusal,
  RequestMatch,
  Trigger,
} from "./faultRules.js";
export type { Faults } from "./faults.js";
export type { Direction, PacketName } from "./frames.js";
export type { LogEntry, LogMatch, WaitOptions } from "./log.js";
export type { MalformedName } from "./malformed.js";
export type { MockClientOptions, MockServer } from "./mockServer.js";
export type { MockNamespace, SocketMiddleware } from "./namespace.js";
export type { MockServerOptions, RecoveryOptions } from "./options.js";
export type { Route } from "./route.js";
export type { SenderToOthers, TimedSender, VolatileSender } from "./senders.js";
export type { MockSocket } from "./socket.js";
export type {
  ArgumentsOf,
  BroadcastArguments,
  EventMiddleware,
  FirstAnswer,
  Handshake,
  ListenerOf,
  Next,
  PlainArguments,
  ServerDisconnectReason,
  SocketReserved,
  TimedArguments,
} from "./types.js";

/**
 * Makes a Socket.IO server that needs no port: in Node, in jsdom, in Storybook, in a page.
 *
 * It has the names of socket.io's server, and the event maps in the same order. Clients are given
 * `server.clientOptions()`.
 *
 * @throws {SockeyeError} `invalid_option`.
 * @example
 * const server = createMockServer<ClientEvents, ServerEvents>();
 * server.on("connection", (socket) => socket.on("order", (item, answer) => answer(`one ${item}`)));
 * const client = createClient<ServerEvents, ClientEvents>("http://mock", server.clientOptions());
 * await client.connect();
 */
export function createMockServer<
  Listen extends object = DefaultEvents,
  Emit extends object = Listen,
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as socket.io's: the application's
  Data = any,
>(options: MockServerOptions<MockServer<Listen, Emit, Data>> = {}): MockServer<Listen, Emit, Data> {
  return new MockServer(options);
}
