/** The example of `docs/testing.md` for a page whose server is in the test. */
import { createMockServer } from "sockeye-client/testing";

/** Answers to the page's connections, wherever they go. Call it before `page.goto()`. */
export async function mockShop(page) {
  const server = createMockServer();
  server.on("connection", (socket) => {
    socket.on("double", (number, answer) => answer(2 * number));
    socket.emit("news", "welcome");
  });
  await page.routeWebSocket(/\/socket\.io\//, (route) => server.accept(route));
  return server;
}
