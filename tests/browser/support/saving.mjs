/** A server that applies the actions `save`, and keeps a list of their values. */
import { Server } from "socket.io";
import { createServerHelper, memoryStore } from "sockeye-client/server";
import { listen } from "./listen.mjs";

/** Starts it for the time of a test; with the helper it applies each action once. */
export async function startServer(t, { hasHelper = false } = {}) {
  const { server, port, stop } = await listen((_, response) => response.writeHead(404).end());
  const io = new Server(server, { cors: { origin: "*" } });
  const applied = [];
  const apply = (value) => {
    applied.push(value);
    return `saved ${value}`;
  };
  const helper = hasHelper && createServerHelper({ store: memoryStore() }).attach(io);
  io.on("connection", (socket) => {
    if (helper) helper.handle(socket, "save", async (_, value) => apply(value));
    else socket.on("save", (...args) => args.at(-1)(apply(args[0])));
  });
  t.after(async () => {
    await stop();
    await io.close(); // would wait for pages that connect again
  });
  return { url: `http://127.0.0.1:${port}`, applied };
}
