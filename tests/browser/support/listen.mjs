/** HTTP servers on free ports that leave nothing behind. */
import { createServer } from "node:http";

export const host = "127.0.0.1";

/** Listens on `port`, by default on a free one. */
export async function listen(handle, port = 0) {
  const server = createServer(handle);
  const sockets = new Set();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  const stop = () =>
    new Promise((resolve) => {
      server.close(resolve);
      for (const socket of sockets) socket.destroy();
    });
  return { server, stop, port: server.address().port, url: urlOf(server.address().port) };
}

export const urlOf = (port) => `http://${host}:${port}`;
