/** Events that are sent until they are acknowledged, one after the other (option `retries`). */
import { withError } from "./acks.js";
import type { Ack } from "./acks.js";
import type { Flags } from "./types.js";

/** An event in the queue. */
export interface QueuedPacket {
  id: number;
  args: unknown[];
  ack: Ack | undefined;
  flags: Flags;
  tryCount: number;
  /** Whether an answer to the last try is still to come. */
  pending: boolean;
}

/** What the queue needs of its socket. */
export interface QueueOwner {
  /** Whether what is sent goes out at once. */
  canSend(): boolean;
  /** Sends an event; the last of `args` is its acknowledgement. */
  send(args: unknown[], flags: Flags): void;
}

/** The queue of one socket. */
export class RetryQueue {
  /** The events; only the first one is being sent. */
  readonly packets: QueuedPacket[] = [];
  private sequence = 0;

  constructor(
    private readonly retries: number,
    private readonly owner: QueueOwner,
  ) {}

  /** Adds an event, with its acknowledgement as the last of `args` if it has one. */
  add(args: unknown[], flags: Flags): void {
    const last = args[args.length - 1];
    const ack = typeof last === "function" ? (last as Ack) : undefined;
    const packet: QueuedPacket = {
      id: this.sequence++,
      args: ack ? args.slice(0, -1) : args,
      ack,
      flags,
      tryCount: 0,
      pending: false,
    };
    this.packets.push(packet);
    this.drain();
  }

  /** Sends the first event, unless the answer to its last try is still to come. */
  drain(): void {
    const [packet] = this.packets;
    if (!packet || packet.pending || !this.owner.canSend()) return;
    packet.pending = true;
    packet.tryCount += 1;
    const onAnswer = withError((...answer) => this.onAnswer(packet, answer));
    try {
      this.owner.send([...packet.args, onAnswer], packet.flags);
    } catch (error) {
      this.remove(packet); // What cannot be serialised now never can.
      throw error;
    }
  }

  /** There is one answer to each try: a disconnection is one, too. */
  private onAnswer(packet: QueuedPacket, [error, ...response]: unknown[]): void {
    packet.pending = false;
    try {
      if (error === null) this.remove(packet)?.(null, ...response);
      else if (packet.tryCount > this.retries) this.remove(packet)?.(error);
    } finally {
      this.drain();
    }
  }

  /** Removes an event and returns its acknowledgement, unless it was removed before. */
  private remove(packet: QueuedPacket): Ack | undefined {
    const index = this.packets.indexOf(packet);
    return index < 0 ? undefined : this.packets.splice(index, 1)[0]?.ack;
  }
}
