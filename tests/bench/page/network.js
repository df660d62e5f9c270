/** Events and requests over a real connection to a real server. */
import { io } from "socket.io-client";
import { createClient } from "sockeye-client/inline";

let client;

/** What both can do, under the same names. */
const connectors = {
  async ours() {
    const ours = createClient(location.origin, { autoConnect: false, transports: ["websocket"] });
    await ours.connect();
    return {
      emit: (event, value) => ours.emit(event, value),
      request: (event, value) => ours.request(event, value),
      on: (event, handle) => void ours.on(event).subscribe(handle),
    };
  },
  async reference() {
    const socket = io({ transports: ["websocket"] });
    await new Promise((resolve) => socket.on("connect", resolve));
    return {
      emit: (event, value) => socket.emit(event, value),
      request: (event, value) => socket.emitWithAck(event, value),
      on: (event, handle) => void socket.on(event, handle),
    };
  },
};

const measurements = {
  async connect(name) {
    client = await connectors[name]();
    let next = () => {};
    client.on("job:progress", () => next());
    client.on("quote", () => {});
    client.burst = (count) =>
      new Promise((resolve) => {
        let received = 0;
        let first;
        next = () => {
          if (received++ === 0) first = performance.now();
          if (received === count) resolve(performance.now() - first);
        };
        client.emit("burst", count);
      });
  },
  /** Resolves with the milliseconds between the first and the last of `count` events. */
  burst: (count) => client.burst(count),
  /** Resolves with the milliseconds that each of `count` requests takes, while quotes come. */
  async roundTrips(count, perSecond) {
    client.emit("flow", { perSecond });
    const times = [];
    for (let number = 0; number < count; number++) {
      const start = performance.now();
      await client.request("echo", number);
      times.push(performance.now() - start);
      await new Promise((resolve) => setTimeout(resolve, number % 3));
    }
    client.emit("flow:stop");
    return times;
  },
};

globalThis.measure = (what, ...args) => measurements[what](...args);
