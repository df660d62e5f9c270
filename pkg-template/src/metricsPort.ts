/** The port's part for figures. */

/** Bytes that went over the wire since somebody first asked. */
export interface TrafficCounts {
  received: number;
  sent: number;
}

/** How many actions have not ended, and how old the oldest of them is. */
export interface OutboxSize {
  depth: number;
  oldestMs: number | undefined;
}

/** What the facade asks about figures. */
export interface MetricsPort {
  /** Counts from the first call on. */
  traffic(): TrafficCounts;
  outboxSize(socket: number): OutboxSize;
  /** From the last sign of life that was asked for to its coming. */
  probeRoundTripMs(): number | undefined;
}
