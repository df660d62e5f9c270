import { createMockServer } from "sockeye-client/testing";
import type { ClientEvents, ServerEvents } from "../src/shop";

/** The server of the shop, without a port. */
export function mockShop() {
  const server = createMockServer<ClientEvents, ServerEvents>();
  server.on("connection", (socket) => {
    socket.on("double", (number, answer) => answer(2 * number));
    socket.on("order", (item, answer) => answer(`one ${item}`));
    socket.emit("news", "welcome");
  });
  return server;
}
