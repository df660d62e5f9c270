/** The port's parts for events that come again and for figures, over the exports of the wasm. */
import type { DedupCoreOptions, DedupPort } from "./dedupPort.js";
import type { MetricsPort, TrafficCounts } from "./metricsPort.js";
import type { CorePort } from "./port.js";
import type { Client } from "./wasm/glue.js";

/** `options` are read whenever a namespace is made: they change with the user. */
export function toDedupPort(
  client: Client,
  options: Pick<DedupCoreOptions, "positions">,
): DedupPort & Pick<CorePort, "socket"> {
  return {
    socket(namespace, authOnDemand) {
      const socket = client.socket(namespace, authOnDemand);
      const { positions } = options;
      const known = Object.hasOwn(positions, namespace) ? positions[namespace] : undefined;
      if (known) client.restorePositions(socket, known);
    },
    dedupStatistics(socket) {
      const counts = client.dedupStatistics(socket);
      const [identified = 0, duplicates = 0, evicted = 0, evictedStreams = 0] = counts;
      return { identified, duplicates, evicted, evictedStreams };
    },
    positions: (socket) => client.positions(socket),
  };
}

/** The transports count what they find a place for in `options`. */
export function toMetricsPort(client: Client, options: { traffic?: TrafficCounts }): MetricsPort {
  return {
    traffic: () => (options.traffic ??= { received: 0, sent: 0 }),
    outboxSize(socket) {
      const [depth = 0, oldestMs = -1] = client.outboxSize(socket);
      return { depth, oldestMs: oldestMs < 0 ? undefined : oldestMs };
    },
    probeRoundTripMs: () => client.probeRoundTripMs(),
  };
}
