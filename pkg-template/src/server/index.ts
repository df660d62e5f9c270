/**
 * `sockeye-client/server`: what a Node server with socket.io needs so that clients lose nothing.
 *
 * It imports nothing of the client, and no wasm. How to use it, and what it promises: `docs/server.md`.
 */
export { type Attachable, createServerHelper, type ServerHelper } from "./helper.js";
export type { Channel, HelperNamespace } from "./namespace.js";
export type { ServerHelperOptions } from "./options.js";
export type { Work, WorkContext } from "./socketActions.js";
export { ActionRejected } from "./rejected.js";
export { type MemoryStoreOptions, memoryStore } from "./memoryStore.js";
export { redisStore, type RedisStoreOptions } from "./redisStore.js";
export type { RedisClient, ScriptArguments } from "./redisClient.js";
export { rowStore } from "./rowStore.js";
export type {
  Action,
  ActionStore,
  Awaitable,
  KeyRecord,
  LaneId,
  Rows,
  Transaction,
} from "./store.js";
export { decide, type Decision, type KnownKey, type LaneState, type Outcome } from "./decide.js";
export type { Envelope } from "./envelope.js";
export type { EventLog, LogLimits, Position, Replay } from "./eventLog.js";
export { type AllowRequest, allowOrigins } from "./origins.js";
export { decode, encode } from "./encoding.js";
