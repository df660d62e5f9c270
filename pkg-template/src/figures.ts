/** The figures that the core knows. Loaded with it. */
import type { OutboxSize, TrafficCounts } from "./metricsPort.js";
import type { CorePort } from "./port.js";

/** Of all namespaces together. */
export interface Figures {
  probeMs: number | undefined;
  outbox: OutboxSize;
  duplicates: number;
  bytes: TrafficCounts;
}

/** Asks the core about namespaces, which are numbered from 0 on. */
export function readFigures(core: CorePort, namespaces: number): Figures {
  const sockets = Array.from({ length: namespaces }, (_, socket) => socket);
  const outboxes = sockets.map((socket) => core.outboxSize(socket));
  const ages = outboxes.flatMap(({ oldestMs }) => oldestMs ?? []);
  return {
    probeMs: core.probeRoundTripMs(),
    outbox: {
      depth: sum(outboxes.map(({ depth }) => depth)),
      oldestMs: ages.length > 0 ? Math.max(...ages) : undefined,
    },
    duplicates: sum(sockets.map((socket) => core.dedupStatistics(socket).duplicates)),
    bytes: core.traffic(),
  };
}

const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);
