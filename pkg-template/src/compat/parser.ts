/**
 * The default parser: Socket.IO packets to frames and back.
 *
 * @see https://socket.io/docs/v4/socket-io-protocol/#packet-encoding
 */
import { Emitter } from "@socket.io/component-emitter";
import { extractAttachments } from "../attachments.js";
import type { Attachment } from "../binary.js";
import type { CoreDecoder } from "./enginePort.js";
import { loadedCore } from "./loadedCore.js";
import type { NoEvents } from "./noEvents.js";
import { DroppedError, type Packet, PacketType } from "./packet.js";

export { PacketType };

/** How many attachments a packet may have that is received. */
const MAX_ATTACHMENTS = 64;

/** Writes packets. */
export class Encoder {
  /** Returns the text frame of a packet and its attachments, which follow it. */
  encode(packet: Packet): [string, ...Attachment[]] {
    const { type } = packet;
    if (type !== PacketType.EVENT && type !== PacketType.ACK) return [toText(packet)];
    const { value: data, attachments } = extractAttachments(packet.data);
    if (attachments.length === 0) return [toText(packet)];
    const binaryType = type === PacketType.EVENT ? PacketType.BINARY_EVENT : PacketType.BINARY_ACK;
    const head = { ...packet, type: binaryType, attachments: attachments.length };
    return [toText({ ...head, data }), ...attachments];
  }
}

/** The events of a decoder. */
export interface DecoderReservedEvents {
  decoded: (packet: Packet) => void;
  /** Not of official decoders: a packet was dropped. */
  dropped: (error: DroppedError) => void;
}

/** Reads frames in the order in which they come; tells of each packet that is complete. */
export class Decoder extends Emitter<NoEvents, NoEvents, DecoderReservedEvents> {
  #core: CoreDecoder | undefined;

  /** Takes a frame. Throws if it breaks the rules of the protocol. */
  add(frame: unknown): void {
    this.#core ??= new (loadedCore().Decoder)(MAX_ATTACHMENTS);
    const decoded = this.#core.add(frame);
    if (typeof decoded === "string") throw new Error(decoded);
    if (decoded && "dropped" in decoded) {
      this.emitReserved("dropped", new DroppedError(decoded.dropped, decoded.nsp, decoded.id));
    } else if (decoded) this.emitReserved("decoded", decoded as Packet);
  }

  /** Forgets the packet that waits for attachments. The next frame begins anew. */
  destroy(): void {
    this.#core?.free();
    this.#core = undefined;
  }
}

/** Writes `<type>[<attachments>-][<namespace>,][<id>][JSON]`. */
function toText({ type, nsp, id, data, attachments }: Packet): string {
  const isBinary = type === PacketType.BINARY_EVENT || type === PacketType.BINARY_ACK;
  const count = isBinary ? `${attachments}-` : "";
  const namespace = nsp && nsp !== "/" ? `${nsp},` : "";
  const json = data === undefined || data === null ? "" : JSON.stringify(data);
  return `${type}${count}${namespace}${id ?? ""}${json}`;
}
