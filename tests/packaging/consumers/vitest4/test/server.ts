import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server } from "socket.io";

/** A server as the application has one, on a free port. It may run in the test itself. */
export async function startServer() {
  const http = createServer();
  const io = new Server(http, { cors: { origin: "*" } });
  io.on("connection", (socket) => {
    socket.on("order", (item, answer) => answer(`one ${item}`));
    socket.emit("news", "welcome");
  });
  await once(http.listen(0, "127.0.0.1"), "listening");
  const { port } = http.address() as AddressInfo;
  return { io, url: `http://127.0.0.1:${port}`, stop: () => io.close() };
}
