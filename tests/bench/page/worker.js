/** Quotes that nothing is shown of: what they cost the main thread, and what requests and events take, with the core here and there. */
import { io } from "socket.io-client";
import { conflate, createClient } from "sockeye-client/inline";

const worker = () => new Worker("/worker.js", { type: "module" });
const shared = () => new SharedWorker("/worker.js", { type: "module" });

/** What was got last. */
let received = 0;
const count = () => void received++;

async function connectOurs(options) {
  const client = createClient(location.origin, {
    autoConnect: false,
    transports: ["websocket"],
    ...options,
  });
  await client.connect();
  return {
    emit: (event, value) => client.emit(event, value),
    request: (event, value) => client.request(event, value),
    on: (event, handle) => void client.on(event).subscribe(handle),
    plain: () => client.on("quote").subscribe(count),
    conflated: () => conflate(client.on("quote"), "symbol").subscribe(count),
  };
}

const connectors = {
  page: () => connectOurs({}),
  worker: () => connectOurs({ worker }),
  shared: () => connectOurs({ worker: shared }),
  /** It has no conflation: what its users write. */
  async reference() {
    const socket = io({ transports: ["websocket"] });
    await new Promise((resolve) => socket.on("connect", resolve));
    return {
      emit: (event, value) => socket.emit(event, value),
      request: (event, value) => socket.emitWithAck(event, value),
      on: (event, handle) => void socket.on(event, handle),
      plain: () => socket.on("quote", count),
      conflated() {
        let newest = new Map();
        let isAsked = false;
        const show = () => {
          isAsked = false;
          newest = new Map();
          count();
        };
        socket.on("quote", (quote) => {
          newest.set(quote.symbol, quote);
          if (isAsked) return;
          isAsked = true;
          requestAnimationFrame(show);
        });
      },
    };
  },
};

const measurements = {
  /** Listens in this way to so many quotes per second; resolves when they come. */
  async listen(client, how, perSecond) {
    client[how]();
    client.emit("flow", { perSecond });
    while (received === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  },
  /** Resolves with the milliseconds that each of `times` requests takes. */
  async roundTrips(client, times) {
    const taken = [];
    for (let number = 0; number < times; number++) {
      const start = performance.now();
      await client.request("echo", number);
      taken.push(performance.now() - start);
    }
    return taken;
  },
  /**
   * Resolves with the milliseconds that each of `times` events takes, one after the other: from when another client, the
   * same for all, has the server send it.
   */
  async events(client, times) {
    const teller = io({ transports: ["websocket"], forceNew: true });
    await new Promise((resolve) => teller.on("connect", resolve));
    let hear;
    client.on("told", () => hear(performance.now()));
    await client.request("echo", 0); // a worker has heard of the listener
    const taken = [];
    for (let number = 0; number < times; number++) {
      const heard = new Promise((resolve) => (hear = resolve));
      const start = performance.now();
      teller.emit("tell", number);
      taken.push((await heard) - start);
    }
    return taken;
  },
};

globalThis.measure = async (name, what, ...args) =>
  measurements[what](await connectors[name](), ...args);
