/** The server of tests with several tabs. */
import { Server } from "socket.io";
import { listen } from "./listen.mjs";

/** Starts one that notes who connects and leaves, and what it is told; `io.emit` reaches all. It ends with the test. */
export async function startTabServer(t) {
  const http = await listen();
  const io = new Server(http.server, { cors: { origin: "*" } });
  const noted = { connections: [], reasons: [], counted: [], left: [] };
  io.on("connection", (socket) => {
    noted.connections.push(socket);
    socket.on("disconnect", (reason) => noted.reasons.push(reason));
    socket.on("count", (number, answer) => answer?.(noted.counted.push(number)));
    socket.on("who", (answer) => answer(socket.id));
    socket.on("join", (room, answer) => answer(room));
    socket.on("leave", (room) => noted.left.push(room));
  });
  t.after(async () => {
    await http.stop();
    await io.close();
  });
  return { url: http.url, io, ...noted };
}
