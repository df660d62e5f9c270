/** A server of socket.io with the same event maps as the client, and with the helper. */
import { Server } from "socket.io";
import { createServerHelper, memoryStore } from "sockeye-client/server";
import type { ClientToServer, ServerToClient } from "./shared.js";

const io = new Server<ClientToServer, ServerToClient>();
const attached = createServerHelper({ store: memoryStore() }).attach(io);

io.on("connection", (socket) => {
  socket.on("job:start", (name, done) => done({ id: name, progress: 0 }));
  socket.emit("moved", 1, 2);
  // @ts-expect-error -- an event of the other direction
  socket.emit("typing", "lobby");
  attached.handle(socket, "job:start", (_context, name: string) => ({ id: name, progress: 0 }));
});
