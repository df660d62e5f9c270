/** A real socket.io server that applies each action once, and notes what it applied. */
import { Server } from "socket.io";
import { createServerHelper, memoryStore } from "sockeye-client/server";
import { listen } from "../../support/listen.mjs";

/**
 * Starts it for a test. `applied` has what the event "save" brought, in the order in which it came: the
 * action's `key`, its `value`, and the name of the `tab` that sent it.
 */
export async function startKeeper(t) {
  const http = await listen((_request, response) => response.writeHead(404).end());
  const io = new Server(http.server, { cors: { origin: "*" }, maxHttpBufferSize: 2_000_000 });
  const attached = createServerHelper({ store: memoryStore() }).attach(io);
  const applied = [];
  io.on("connection", (socket) => {
    const { tab } = socket.handshake.auth;
    attached.handle(socket, "save", async ({ key }, value) => {
      applied.push({ key, tab, value: typeof value === "string" ? value.length : value });
      return applied.length;
    });
  });
  t.after(async () => {
    await http.stop();
    await io.close(); // would wait for pages that connect again
  });
  return { url: http.url, applied };
}
