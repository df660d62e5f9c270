/**
 * `sockeye-client/compat`: the names, the behaviour and the types of `socket.io-client` 4.8.
 *
 * What is different, and why: `docs/compat.md`.
 */
import { lookup } from "./lookup.js";

export { Manager } from "./manager.js";
export { Socket } from "./socket.js";
export { protocol } from "./packet.js";
export { Fetch, NodeWebSocket, NodeXHR, WebSocket, WebTransport, XHR } from "./transports.js";
export type { Engine } from "./engine.js";
export type { EngineOptions } from "./engineOptions.js";
export type { ManagerOptions, ManagerReservedEvents } from "./options.js";
export type { Packet } from "./packet.js";
export type { Transport } from "./transport.js";
export type {
  DisconnectDescription,
  ExtendedError,
  SocketOptions,
  SocketReservedEvents,
} from "./types.js";
export { lookup as connect, lookup as default, lookup as io, lookup };
