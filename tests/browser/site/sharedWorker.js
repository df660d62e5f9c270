/** A shared worker with the inline entry; it tells each page the statuses of a client until it is connected. */
import { createClient } from "/sockeye/inline.js";

globalThis.onconnect = ({ ports: [port] }) => {
  port.onmessage = ({ data: url }) => {
    const states = [];
    createClient(url).status.subscribe(({ state }) => {
      states.push(state);
      if (state === "connected") port.postMessage(states);
    });
  };
};
