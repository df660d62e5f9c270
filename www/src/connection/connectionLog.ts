/** What the statuses of a client add up to. */
import type { ClientStatus } from "sockeye-client";
import { prepend } from "../bounded";

export interface LogEntry {
  id: number;
  at: number;
  status: ClientStatus;
}

export interface ConnectionLog {
  /** The latest first. */
  entries: readonly LogEntry[];
  /** Since when the client is connected. */
  connectedAt?: number;
  /** Since when it no longer is. */
  lostAt?: number;
  reconnections: number;
  lastOutageMs?: number;
}

const MAX_ENTRIES = 30;

export const emptyLog: ConnectionLog = { entries: [], reconnections: 0 };

/** Adds a status. A subscriber that comes back gets the current one again, which adds nothing. */
export function addStatus(log: ConnectionLog, { status, at }: Omit<LogEntry, "id">): ConnectionLog {
  const last = log.entries[0];
  if (last?.status === status) return log;
  if (last && isSameWait(last.status, status)) {
    return { ...log, entries: [{ ...last, status }, ...log.entries.slice(1)] };
  }
  const entries = prepend(log.entries, { id: (last?.id ?? 0) + 1, at, status }, MAX_ENTRIES);
  if (status.state === "connected") return { ...log, ...connected(log, at), entries };
  const wasConnected = last?.status.state === "connected";
  return wasConnected ? { ...log, entries, lostAt: at } : { ...log, entries };
}

/** While it waits, the client may find out more about the cause. */
function isSameWait(last: ClientStatus, next: ClientStatus): boolean {
  return last.state === "waiting" && next.state === "waiting" && last.attempt === next.attempt;
}

function connected({ lostAt, reconnections }: ConnectionLog, at: number): Partial<ConnectionLog> {
  if (lostAt === undefined) return { connectedAt: at };
  return { connectedAt: at, reconnections: reconnections + 1, lastOutageMs: at - lostAt };
}
