/** A worker that tells the statuses of a client until it is connected. */
import { createClient } from "/sockeye/index.js";

globalThis.onmessage = ({ data: url }) => {
  const states = [];
  createClient(url).status.subscribe(({ state }) => {
    states.push(state);
    if (state === "connected") postMessage(states);
  });
};
