import { createServerHelper, memoryStore } from "sockeye-client/server";
import { createMockServer } from "sockeye-client/testing";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openShop } from "../src/shop";
import { mockShop } from "./mockShop";

let server: ReturnType<typeof mockShop>;
let shop: ReturnType<typeof openShop>;

beforeEach(() => {
  server = mockShop();
  const reconnect = { minMs: 1, baseMs: 1, capMs: 1 };
  shop = openShop("http://mock", { ...server.clientOptions(), reconnect });
});

afterEach(async () => {
  await shop.close();
  await server.close();
});

test("asks, orders, and hears the news", async () => {
  const news: string[] = [];
  shop.news.subscribe((text) => news.push(text));
  await shop.open();
  expect(await shop.double(21)).toBe(42);
  expect(await shop.order("salmon")).toBe("one salmon");
  server.emit("news", "trout has come in");
  await vi.waitFor(() => expect(news).toEqual(["welcome", "trout has come in"]));
});

test("orders again when the answer is lost", async () => {
  server.faults.add({ on: { packet: { type: "ack" } }, times: 1, do: { cut: {} } });
  await shop.open();
  expect(await shop.order("trout")).toBe("one trout");
  const order = await server.waitFor({ event: "order" }, { count: 2 });
  expect(order).toMatchObject({ connection: 2, namespace: "/", direction: "clientToServer" });
});

test("gives up after ten seconds without an answer", async () => {
  await shop.open();
  vi.useFakeTimers();
  server.faults.add({ on: { packet: { type: "ack" } }, do: "drop" });
  const doubled = shop.double(21).catch(({ code }) => code);
  await server.waitFor({ kind: "fault" });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await doubled).toBe("ack_timeout");
  vi.useRealTimers();
});

test("connects while all timers are fake", async () => {
  vi.useFakeTimers();
  await shop.open();
  expect(await shop.double(4)).toBe(8);
  server.faults.cut();
  await vi.advanceTimersByTimeAsync(1);
  expect(await shop.double(5)).toBe(10);
  vi.useRealTimers();
});

test("comes back when the server does", async () => {
  await shop.open();
  server.stop();
  await vi.waitFor(() => expect(shop.status.value.state).toBe("waiting"));
  server.start();
  expect(await shop.double(3)).toBe(6);
});

test("asks for another token when the old one has expired", async () => {
  await shop.open(); // in jsdom it connects by itself, and would be the one that is refused
  server.faults.add({ on: { packet: { type: "connect" } }, times: 1, do: "expiredToken" });
  const reasons: string[] = [];
  const auth = ({ reason }: { reason: string }) => {
    reasons.push(reason);
    return { token: "secret" };
  };
  const other = openShop("http://mock", { ...server.clientOptions(), auth });
  await other.open();
  expect(reasons).toEqual(["connect", "expired"]);
  await other.close();
});

test("orders once, also when the answer is lost, if the server has the helper", async () => {
  const orders: string[] = [];
  const helped = createMockServer();
  const main = createServerHelper({ store: memoryStore() }).attach(helped);
  helped.on("connection", (socket) => {
    main.handle(socket, "order", (_context, item: string) => {
      orders.push(item);
      return `one ${item}`;
    });
  });
  helped.faults.add({ on: { packet: { type: "ack" } }, times: 1, do: { cut: {} } });
  const reconnect = { minMs: 1, baseMs: 1, capMs: 1 };
  const careful = openShop("http://mock", { ...helped.clientOptions(), reconnect });
  await careful.open();
  expect(await careful.order("trout")).toBe("one trout");
  expect(orders).toEqual(["trout"]);
  await helped.waitFor({ event: "order" }, { count: 2 });
  await careful.close();
  await helped.close();
});
