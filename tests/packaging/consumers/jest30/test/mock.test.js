import { createMockServer } from "sockeye-client/testing";
import { openShop } from "../src/shop";

test("loads its engine and connects while all timers are fake", async () => {
  jest.useFakeTimers();
  const server = createMockServer();
  const shop = openShop("http://mock", server.clientOptions());
  await shop.open();
  expect(server.engine.clientsCount).toBe(1);
  jest.useRealTimers();
  await shop.close();
  await server.close();
});

test("asks and orders without a port", async () => {
  const server = createMockServer();
  server.on("connection", (socket) => {
    socket.on("double", (number, answer) => answer(2 * number));
    socket.on("order", (item, answer) => answer(`one ${item}`));
    socket.emit("news", "welcome");
  });
  const shop = openShop("http://mock", server.clientOptions());
  const news = shop.news[Symbol.asyncIterator]().next();
  await shop.open();
  expect((await news).value).toBe("welcome");
  expect(await shop.double(21)).toBe(42);
  expect(await shop.order("salmon")).toBe("one salmon");
  await shop.close();
  await server.close();
});

test("gives up after ten seconds of fake timers", async () => {
  const server = createMockServer();
  const shop = openShop("http://mock", server.clientOptions());
  await shop.open();
  jest.useFakeTimers();
  const doubled = shop.double(21).catch(({ code }) => code);
  await server.waitFor({ event: "double" });
  await jest.advanceTimersByTimeAsync(10_000);
  expect(await doubled).toBe("ack_timeout");
  jest.useRealTimers();
  await shop.close();
  await server.close();
});
