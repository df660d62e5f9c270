/** A store in Redis, which several processes share. */
import type { Decision, Outcome } from "./decide.js";
import { decode, encode, isRecord } from "./encoding.js";
import type { EventLog, LogLimits, Position, Replay } from "./eventLog.js";
import { joined, newId } from "./names.js";
import type { RedisClient } from "./redisClient.js";
import * as scripts from "./redisScripts.js";
import type { Action, ActionStore } from "./store.js";

/** Where in Redis a store keeps its keys. */
export interface RedisStoreOptions {
  /** What all names begin with: `{sockeye}` by default. The braces put all on one node of a cluster. */
  readonly prefix?: string;
}

/**
 * Keeps keys, outcomes and the event log in Redis.
 *
 * Each decision is one script, and so is each outcome. Redis must keep what it acknowledged
 * (`appendonly yes`, `appendfsync always`) and drop no key (`maxmemory-policy noeviction`).
 *
 * @example
 * const client = await createClient({ url: "redis://localhost" }).connect();
 * const helper = createServerHelper({ store: redisStore(client) });
 */
export function redisStore(client: RedisClient, options: RedisStoreOptions = {}): ActionStore {
  const prefix = options.prefix ?? "{sockeye}";
  const keysOf = (action: Action) => redisKeys(prefix, action);
  return {
    async memory() {
      const [memory] = await scripts.readMemory(client, [`${prefix}:memory`], [newId()]);
      return String(memory);
    },
    async claim(action, token, leaseMs) {
      const rest = [action.envelope.memory, token, String(leaseMs)];
      const args = [...firstArguments(action), ...rest];
      return decisionOf(await scripts.claimKey(client, keysOf(action), args));
    },
    async settle(action, token, outcome) {
      const args = [...firstArguments(action), token, encode(outcome)];
      const [stored] = await scripts.settleKey(client, keysOf(action), args);
      return outcomeOf(stored);
    },
    async release(action, token) {
      await scripts.releaseKey(client, keysOf(action).slice(3), [token]);
    },
    eventLog: (limits) => new RedisEventLog(client, prefix, limits),
  };
}

/** Memory, lane, key, claim. */
function redisKeys(
  prefix: string,
  { identity, envelope: { client, lane, key } }: Action,
): string[] {
  const name = joined(identity, key);
  return [
    `${prefix}:memory`,
    `${prefix}:lane:${joined(identity, client, lane)}`,
    `${prefix}:key:${name}`,
    `${prefix}:claim:${name}`,
  ];
}

function firstArguments({ envelope: { epoch, seq }, hash, keepMs }: Action): string[] {
  return [newId(), String(epoch), String(seq), hash, String(keepMs)];
}

function decisionOf([kind, first, second]: unknown[]): Decision {
  switch (kind) {
    case "memory":
      return { kind, memory: String(first) };
    case "known":
      return { kind, outcome: outcomeOf(first) };
    case "apply":
      return { kind, state: { epoch: Number(first), last: Number(second) } };
    case "renumber":
    case "gap":
      return { kind, epoch: Number(first), last: Number(second) };
    case "conflict":
    case "retry":
      return { kind };
    default:
      throw new Error(`Redis decided ${String(kind)}`);
  }
}

function outcomeOf(text: unknown): Outcome {
  const stored = decode(String(text));
  if (!isRecord(stored)) throw new Error("Redis has an outcome that is none");
  const args = Array.isArray(stored["args"]) ? (stored["args"] as unknown[]) : [];
  return { status: stored["status"] === "applied" ? "applied" : "rejected", args };
}

class RedisEventLog implements EventLog {
  readonly #client: RedisClient;
  readonly #prefix: string;
  readonly #limits: LogLimits;

  constructor(client: RedisClient, prefix: string, limits: LogLimits) {
    this.#client = client;
    this.#prefix = prefix;
    this.#limits = limits;
  }

  async append(stream: string, event: string): Promise<Position> {
    const { maxEvents, maxAgeMs } = this.#limits;
    const args = [newId(), String(maxAgeMs), event, String(maxEvents)];
    return positionOf(await scripts.appendEvent(this.#client, this.#keys(stream), args));
  }

  async position(stream: string): Promise<Position> {
    const args = [newId(), String(this.#limits.maxAgeMs)];
    return positionOf(await scripts.openStream(this.#client, this.#keys(stream), args));
  }

  async since(stream: string, from: Position, limit: number): Promise<Replay | undefined> {
    const args = [from.epoch, String(from.seq), String(limit)];
    const answer = await scripts.eventsSince(this.#client, this.#keys(stream), args);
    if (answer.length === 0) return undefined;
    const current = positionOf(answer);
    if (!Array.isArray(answer[2])) return { position: current, events: [], gap: true, more: false };
    const events = answer[2].map(String);
    const position = { epoch: current.epoch, seq: from.seq + events.length };
    return { position, events, gap: false, more: position.seq < current.seq };
  }

  #keys(stream: string): string[] {
    return [`${this.#prefix}:head:${stream}`, `${this.#prefix}:events:${stream}`];
  }
}

const positionOf = ([epoch, seq]: unknown[]): Position => ({
  epoch: String(epoch),
  seq: Number(seq),
});
