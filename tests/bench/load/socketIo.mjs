/** What the mock server is compared with: socket.io on Node, with the same endpoint and nothing else. */
import { createServer } from "node:http";
import { json } from "node:stream/consumers";
import { Server } from "socket.io";

const http = createServer((request, response) => void broadcast(request, response));
const io = new Server(http);

http.listen(0, "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${http.address().port}`);
});

async function broadcast(request, response) {
  const { event, data } = await json(request);
  io.emit(event, data);
  response.setHeader("content-type", "application/json").end(JSON.stringify({ event }));
}
