/** The two clients, connected to a {@link FakeWebSocket}. */
import { FakeWebSocket } from "./fakeWebSocket.js";
import { io } from "socket.io-client";
import { createClient } from "sockeye-client/inline";

const address = "https://bench.test";

/** Resolves with a client, its namespaces and its socket. */
export async function connectOurs({ namespaces = ["/"], ...options } = {}) {
  const client = createClient(address, { autoConnect: false, ...options });
  const opened = namespaces.map((name) => client.namespace(name));
  await Promise.all(opened.map((namespace) => namespace.connect()));
  return { client, namespaces: opened, webSocket: FakeWebSocket.latest };
}

/** The same with socket.io-client. */
export async function connectReference({ namespaces = ["/"] } = {}) {
  const [first, ...others] = namespaces;
  const options = { transports: ["websocket"], forceNew: true };
  const socket = io(first === "/" ? address : address + first, options);
  const opened = [socket, ...others.map((name) => socket.io.socket(name))];
  await Promise.all(opened.map((one) => new Promise((resolve) => one.on("connect", resolve))));
  const close = () => socket.io._close();
  return { socket, namespaces: opened, webSocket: FakeWebSocket.latest, close };
}
