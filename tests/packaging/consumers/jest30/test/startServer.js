const { once } = require("node:events");
const { createServer } = require("node:http");
const { Server } = require("socket.io");

/** A server as the application has one, on a free port; in this process, because in jsdom it would find no Node. */
module.exports = async function startServer() {
  const http = createServer();
  const io = new Server(http, { cors: { origin: "*" } });
  io.on("connection", (socket) => {
    socket.on("order", (item, answer) => answer(`one ${item}`));
    socket.emit("news", "welcome");
  });
  await once(http.listen(0, "127.0.0.1"), "listening");
  process.env.OWN_SERVER = `http://127.0.0.1:${http.address().port}`;
  globalThis.stopServer = () => io.close();
};
