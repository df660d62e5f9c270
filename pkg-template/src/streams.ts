/** What makes more of a client's streams: for those who import it; nobody else ships it. */
export { buffer, type BufferOptions } from "./streams/buffer.js";
export { conflate, type ConflateOptions } from "./streams/conflate.js";
export { latest } from "./streams/latest.js";
export type { PaceOptions } from "./streams/pace.js";
export type { Source } from "./streams/source.js";
