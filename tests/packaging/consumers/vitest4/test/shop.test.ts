import { expect, test } from "vitest";
import { openShop } from "../src/shop";
import { startServer } from "./server";

test("asks and orders", async () => {
  const shop = openShop(process.env.SERVER!); // a server that was started before the tests
  const news = shop.news[Symbol.asyncIterator]().next();
  await shop.open();
  expect((await news).value).toBe("welcome");
  expect(await shop.double(21)).toBe(42);
  expect(await shop.order("salmon")).toBe("one salmon");
  await shop.close();
});

test("orders again when the connection breaks", async () => {
  const server = await startServer();
  const shop = openShop(server.url, { reconnect: { minMs: 1, baseMs: 10, capMs: 10 } });
  const states: string[] = [];
  shop.status.subscribe(({ state }) => states.push(state));
  await shop.open();
  for (const { conn } of server.io.sockets.sockets.values()) conn.close();
  expect(await shop.order("trout")).toBe("one trout");
  expect(states.slice(-4)).toEqual(["connected", "waiting", "connecting", "connected"]);
  await shop.close();
  await server.stop();
});
