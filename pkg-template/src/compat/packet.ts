/**
 * Socket.IO packets as encoders and decoders know them.
 *
 * @see https://socket.io/docs/v4/socket-io-protocol/
 */
import type { Any } from "./types.js";

/** The version of the Socket.IO protocol. */
export const protocol = 5;

/** The types of packets, by the numbers that stand in frames. */
export const PacketType = {
  CONNECT: 0,
  DISCONNECT: 1,
  EVENT: 2,
  ACK: 3,
  CONNECT_ERROR: 4,
  BINARY_EVENT: 5,
  BINARY_ACK: 6,
} as const;

/** The number of a type of packets. */
export type PacketType = (typeof PacketType)[keyof typeof PacketType];

/** A Socket.IO packet. */
export interface Packet {
  type: PacketType;
  /** The namespace. */
  nsp: string;
  data?: Any;
  /** The number that the acknowledgement of an event has, too. */
  id?: number;
  /** How many binary values belong to it. */
  attachments?: number;
}

/** A packet was dropped, because it exceeds what is kept in memory. The connection goes on. */
export class DroppedError extends Error {
  /** The namespace of the packet. */
  readonly nsp: string;
  /** The number of the event that the packet was to acknowledge, if it was to. */
  readonly id: number | undefined;

  constructor(reason: string, nsp: string, id?: number) {
    super(`a packet was dropped, its attachments: ${reason}`);
    this.nsp = nsp;
    this.id = id;
  }
}

/** How a packet is sent. */
export interface PacketOptions {
  options?: { compress: boolean };
}
