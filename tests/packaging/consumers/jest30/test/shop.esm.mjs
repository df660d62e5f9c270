import { createClient } from "sockeye-client";

test("asks and orders", async () => {
  const client = createClient(process.env.SERVER);
  await client.connect();
  expect(await client.request("double", 21)).toBe(42);
  expect(await client.enqueue("order", "salmon").result).toBe("one salmon");
  await client.destroy();
});
