import { openShop } from "../src/shop";

test("asks and orders", async () => {
  const shop = openShop(process.env.SERVER); // a server that was started before the tests
  const news = shop.news[Symbol.asyncIterator]().next();
  await shop.open();
  expect((await news).value).toBe("welcome");
  expect(await shop.double(21)).toBe(42);
  expect(await shop.order("salmon")).toBe("one salmon");
  await shop.close();
});
