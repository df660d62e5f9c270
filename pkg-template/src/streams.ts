/** What makes more of a client's streams: for those who import it; nobody else ships it. */
export type { ChunkPart } from "./streams/assembly.js";
export { buffer, type BufferOptions } from "./streams/buffer.js";
export { chunks, type ChunksOptions, type ChunkStream } from "./streams/chunks.js";
export { conflate, type ConflateOptions } from "./streams/conflate.js";
export { nestJobs, type NestJobsOptions, projectJobs, roomJobs } from "./streams/dialects.js";
export {
  job,
  type JobDialect,
  type JobState,
  type JobStatus,
  type JobUpdate,
} from "./streams/job.js";
export { latest } from "./streams/latest.js";
export { live, type LiveOptions } from "./streams/live.js";
export type { PaceOptions } from "./streams/pace.js";
export {
  type Members,
  presence,
  type PresenceChange,
  type PresenceOptions,
} from "./streams/presence.js";
export type { Readers } from "./streams/readers.js";
export type { Source } from "./streams/source.js";
export type { FetchOptions, LiveState } from "./streams/synced.js";
export type { Joining } from "./streams/unconfirmed.js";
