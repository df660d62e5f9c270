/** The types of `socket.io-client` that a manager's users write down. */
import type { EngineOptions } from "./engineOptions.js";
import type { Packet } from "./packet.js";
import type { Any, DisconnectDescription } from "./types.js";

/** The options of a connection. */
export interface ManagerOptions extends EngineOptions {
  /** Whether to make a connection of its own. `false` if not given. */
  forceNew: boolean;
  /** Whether several namespaces may share the connection. `true` if not given. */
  multiplex: boolean;
  /** The path of the connection's requests. `"/socket.io"` if not given. */
  path: string;
  /** Whether to reconnect. `true` if not given. */
  reconnection: boolean;
  /** After how many attempts to give up. `Infinity` if not given. */
  reconnectionAttempts: number;
  /** How long to wait before the first attempt to reconnect, in milliseconds. `1000` if not given. */
  reconnectionDelay: number;
  /** The longest wait before an attempt to reconnect, in milliseconds. `5000` if not given. */
  reconnectionDelayMax: number;
  /** How far a delay may be off, as a fraction of it. `0.5` if not given. */
  randomizationFactor: number;
  /** How long an attempt to connect may take, in milliseconds. `20000` if not given. */
  timeout: number;
  /** Whether to connect when the socket is made. `true` if not given. */
  autoConnect: boolean;
  /** An object with the classes `Encoder` and `Decoder`, instead of Socket.IO's own format. */
  parser: Any;
}

/** The events that a manager emits. */
export interface ManagerReservedEvents {
  /** Connected. */
  open: () => void;
  /** Could not connect. */
  error: (err: Error) => void;
  /** The server has asked for a sign of life. */
  ping: () => void;
  /** A packet has come. */
  packet: (packet: Packet) => void;
  /** Disconnected. */
  close: (reason: string, description?: DisconnectDescription) => void;
  /** All attempts have failed, and there will be no other. */
  reconnect_failed: () => void;
  /** The next attempt begins. */
  reconnect_attempt: (attempt: number) => void;
  /** An attempt has failed. */
  reconnect_error: (err: Error) => void;
  /** Connected again, with this attempt. */
  reconnect: (attempt: number) => void;
}
