/**
 * The entry for tests and stories: a Socket.IO server without a port, in the page or the program itself.
 *
 * @module sockeye-client/testing
 */
export * from "./testing/index.js";
