/** A store from the access to rows: for SQL databases, and for the memory. */
import { advance, decide, type Decision, type LaneState, type Outcome } from "./decide.js";
import type { Action, ActionStore, LaneId, Rows, Transaction } from "./store.js";

/**
 * Makes a store for a database with transactions.
 *
 * Two transactions that touch the same rows must not both commit what they read before the other:
 * use serialisable ones, or one writer at a time. A transaction that fails makes the client ask again.
 *
 * @example
 * const store = rowStore<Client>((work) => inTransaction(pool, (client) => work(client, rowsOf(client))));
 */
export const rowStore = <Tx>(transaction: Transaction<Tx>): ActionStore<Tx> => ({
  ...rowOperations(transaction),
  transaction,
});

/** The same without transactions for the application: its work cannot be undone. */
export function rowOperations<Tx>(transaction: Transaction<Tx>): ActionStore {
  const inRows = <R>(work: (rows: Rows) => Promise<R>) => transaction((_tx, rows) => work(rows));
  return {
    memory: () => inRows(async (rows) => rows.memory()),
    claim: (action, token, leaseMs) => inRows((rows) => claim(rows, action, token, leaseMs)),
    settle: (action, _token, outcome) => inRows((rows) => settle(rows, action, outcome)),
    release: (action, token) => inRows((rows) => release(rows, action, token)),
  };
}

/** Decides; a known key that is the next one advances its lane. */
export async function judge(rows: Rows, action: Action): Promise<Decision> {
  const { envelope, identity, hash, keepMs } = action;
  const memory = await rows.memory();
  const state = await laneOf(rows, action);
  const known = await rows.key(identity, envelope.key);
  const decision = decide(memory, state, known, envelope, hash);
  if (decision.kind === "known" && decision.state) {
    await rows.setLane(laneId(action), decision.state, keepMs);
  }
  return decision;
}

/** Stores the outcome, unless there is one; returns the one that counts. */
export async function settle(rows: Rows, action: Action, outcome: Outcome): Promise<Outcome> {
  const { identity, envelope, hash, keepMs } = action;
  const known = await rows.key(identity, envelope.key);
  if (known?.outcome) return known.outcome;
  await rows.setKey(identity, envelope.key, { hash, outcome }, keepMs);
  const state = advance(await laneOf(rows, action), envelope);
  if (state) await rows.setLane(laneId(action), state, keepMs);
  return outcome;
}

async function claim(
  rows: Rows,
  action: Action,
  token: string,
  leaseMs: number,
): Promise<Decision> {
  const decision = await judge(rows, action);
  if (decision.kind !== "apply") return decision;
  const { identity, envelope, hash, keepMs } = action;
  await rows.setKey(identity, envelope.key, { hash, claim: { token, leaseMs } }, keepMs);
  return decision;
}

async function release(rows: Rows, action: Action, token: string): Promise<void> {
  const { identity, envelope, hash, keepMs } = action;
  const known = await rows.key(identity, envelope.key);
  if (known?.token === token) await rows.setKey(identity, envelope.key, { hash }, keepMs);
}

const unknownLane: LaneState = { epoch: 0, last: 0 };

const laneOf = async (rows: Rows, action: Action): Promise<LaneState> =>
  (await rows.lane(laneId(action))) ?? unknownLane;

const laneId = ({ identity, envelope: { client, lane } }: Action): LaneId => ({
  identity,
  client,
  lane,
});
