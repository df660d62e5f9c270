/** The entry for programs of `socket.io-client`: `io`, `Manager`, `Socket`. */
export { default } from "./compat/index.js";
export * from "./compat/index.js";
