/** The server that every consumer talks to: a real socket.io with the helper, which counts. */
import assert from "node:assert/strict";
import { Server } from "socket.io";
import { createServerHelper, memoryStore } from "sockeye-client/server";
import { listen } from "../../browser/support/listen.mjs";
import { waitFor } from "../../browser/support/wait.mjs";

/**
 * Listens on a free port. A client gets `news` when it connects and with `broadcast`; `double` answers a
 * request, `order` is for actions, and `burst` sends so many `tick`s.
 */
export async function startDesk() {
  const http = await listen((_request, response) => response.writeHead(404).end());
  const io = new Server(http.server, { cors: { origin: "*" } });
  const counts = { handshakes: 0, doubled: 0, orders: [] };
  io.engine.on("connection", () => (counts.handshakes += 1));
  const desk = createServerHelper({ store: memoryStore() }).attach(io);
  io.on("connection", (socket) => {
    desk.handle(socket, "order", (_context, item) => {
      counts.orders.push(item);
      return `one ${item}`;
    });
    socket.on("double", (number, answer) => {
      counts.doubled += 1;
      answer(2 * number);
    });
    socket.on("burst", (count) => {
      for (let number = 1; number <= count; number++) socket.emit("tick", number);
    });
    socket.emit("news", "welcome");
  });
  const stop = async () => {
    await http.stop();
    await io.close(); // would wait for pages that connect again
  };
  return { url: http.url, counts, stop, io, ...checksOf(io, counts) };
}

function checksOf(io, counts) {
  const left = () =>
    waitFor(
      "the client to leave",
      () => io.engine.clientsCount === 0 && io.of("/").sockets.size === 0,
    );
  return {
    broadcast: (text) => io.emit("news", text),
    /** Resolves when nobody is connected any more. */
    left,
    /** Checks that one client came, asked once, ordered once, and is gone. */
    async served() {
      await left();
      assert.deepEqual(counts, { handshakes: 1, doubled: 1, orders: ["salmon"] });
    },
  };
}
