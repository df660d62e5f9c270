/** The types of an engine's events, by the names that `engine.io-client` gives them. */
import type { CloseDetails, Transport } from "./transport.js";

/** What is in a message: listeners say what they expect. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type RawData = any;

/** What the server says when it opens a connection. */
export interface HandshakeData {
  sid: string;
  upgrades: string[];
  pingInterval: number;
  pingTimeout: number;
  maxPayload: number;
}

/** How a packet is sent. */
export interface WriteOptions {
  /** Without effect. */
  compress?: boolean;
}

/** An Engine.IO packet. */
export interface EnginePacket {
  type: "open" | "ping" | "pong" | "message";
  data?: RawData;
  options?: WriteOptions;
}

/** The events of an engine. */
export interface EngineReservedEvents {
  open: () => void;
  handshake: (data: HandshakeData) => void;
  packet: (packet: EnginePacket) => void;
  packetCreate: (packet: EnginePacket) => void;
  data: (data: RawData) => void;
  message: (data: RawData) => void;
  drain: () => void;
  flush: () => void;
  heartbeat: () => void;
  ping: () => void;
  pong: () => void;
  error: (err: string | Error) => void;
  upgrading: (transport: Transport) => void;
  upgrade: (transport: Transport) => void;
  upgradeError: (err: Error) => void;
  close: (reason: string, description?: CloseDetails | Error) => void;
}
