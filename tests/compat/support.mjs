/** What the cases run with, in Node and in a browser. */
import { cases } from "./cases/index.js";
import { startServer } from "./server.mjs";

/** The clients that the cases run with. */
export const clients = ["socket.io-client", "sockeye-client/compat"];

/** What a case may take; all wait for events, none for a time. */
export const limitMs = 10_000;

/** The cases that are for this environment. */
export const casesFor = (environment) =>
  cases.filter(([, , only = environment]) => only === environment);

/** Returns what starts servers that end with `t`; they are given and give what JSON has. */
export const starter = (t) => async (options) => {
  const server = await startServer(options);
  t.after(() => server.stop());
  const call = async (operation, args) => toPlain(await server.call(operation, toPlain(args)));
  return { url: server.url, call };
};

const toPlain = (value) => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));
