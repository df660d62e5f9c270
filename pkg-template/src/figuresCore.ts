/** The port's parts for events that come again and for figures, over the exports of the wasm. */
import type { DedupPort } from "./dedupPort.js";
import type { MetricsPort } from "./metricsPort.js";
import type { CoreOptions, CorePort } from "./port.js";
import type { KeptPositions } from "./ports/keptPositions.js";
import type { Client } from "./wasm/glue.js";

/** What the transports know of the namespaces, to read and write the packets of events themselves. */
export interface SocketNames {
  /** Their numbers. */
  sockets: Map<string, number>;
  /** By their numbers: what stands before the JSON of their packets. */
  addresses: string[];
}

/** `options` are read whenever a namespace is made: they change with the user; `names` get its number. */
export function toDedupPort(
  client: Client,
  options: Pick<CoreOptions, "positions" | "unproved">,
  kept: KeptPositions | undefined,
  names: SocketNames,
): DedupPort & Pick<CorePort, "socket" | "setIdentity"> {
  return {
    setIdentity(identity) {
      client.setIdentity(identity);
      kept?.setIdentity(identity);
    },
    socket(namespace, authOnDemand) {
      const socket = client.socket(namespace, authOnDemand);
      names.sockets.set(namespace, socket);
      names.addresses[socket] = namespace === "/" ? "" : `${namespace},`;
      const { positions, unproved } = options;
      const left = kept?.add(socket, namespace);
      const known = Object.hasOwn(positions, namespace) ? positions[namespace] : left;
      if (known) client.restorePositions(socket, known);
      if (unproved.includes(namespace)) client.expectGap(socket);
    },
    dedupStatistics(socket) {
      const counts = client.dedupStatistics(socket);
      const [identified = 0, duplicates = 0, evicted = 0, evictedStreams = 0] = counts ?? [];
      return { identified, duplicates, evicted, evictedStreams };
    },
    positions: (socket) => client.positions(socket) ?? [],
  };
}

/** The transports count what they find a place for in `options`; the next core goes on with `given`. */
export function toMetricsPort(
  client: Client,
  options: Pick<CoreOptions, "traffic">,
  given: Pick<CoreOptions, "traffic">,
): MetricsPort {
  return {
    traffic: () => (options.traffic = given.traffic ??= { received: 0, sent: 0 }),
    outboxSize(socket) {
      const [depth = 0, oldestMs = -1] = client.outboxSize(socket) ?? [];
      return { depth, oldestMs: oldestMs < 0 ? undefined : oldestMs };
    },
    probeRoundTripMs: () => client.probeRoundTripMs(),
  };
}
