/** A worker that is given a compiled module, and tells the statuses of a client until it is connected. */
import { createClient } from "/sockeye/url.js";

globalThis.onmessage = ({ data: [url, wasm] }) => {
  const states = [];
  createClient(url, { wasm }).status.subscribe(({ state }) => {
    states.push(state);
    if (state === "connected") postMessage(states);
  });
};
