/**
 * The entry for programs of `socket.io-client`: `io`, `Manager`, `Socket`.
 *
 * @module sockeye-client/compat
 */
export { default } from "./compat/index.js";
export * from "./compat/index.js";
