/** The entry for Node servers: `createServerHelper` and its stores. */
export * from "./server/index.js";
