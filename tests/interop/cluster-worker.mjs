/** One server of a cluster: `node cluster-worker.mjs`; prints its port. */
import { createServer } from "node:http";
import { Server } from "socket.io";

const server = createServer();
const io = new Server(server, { cors: { origin: "*" } });
io.on("connection", (socket) => socket.on("echo", (...args) => args.pop()(...args)));
server.listen(0, "127.0.0.1", () => console.log(`listening on ${server.address().port}`));
