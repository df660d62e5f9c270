/**
 * The entry for Node servers: `createServerHelper` and its stores.
 *
 * @module sockeye-client/server
 */
export * from "./server/index.js";
