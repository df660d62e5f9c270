/** `sockeye-client/testing` and pages: in the test beside a page, and in the page itself. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { mockShop } from "../../../docs/examples/mockedPage.mjs";
import { useBrowser } from "../support/browser.mjs";
import { startSite } from "../support/site.mjs";

const browser = useBrowser();
let site;
before(async () => (site = await startSite()));
after(() => site.stop());

const blank = "about:blank";

test("a page talks to a server that is in the test", async (t) => {
  const page = await browser.open(t, blank);
  const server = await mockShop(page);
  t.after(() => server.close());
  await page.goto(site.url);
  const told = await page.evaluate(async () => {
    window.client = window.kit.makeClient("https://shop.example");
    const news = new Promise((resolve) => window.client.on("news").subscribe(resolve));
    await window.client.connect();
    return [await news, await window.client.request("double", 21)];
  });
  assert.deepEqual(told, ["welcome", 42]);
  const bytes = server.waitFor({ event: "bytes" });
  await page.evaluate(() => window.client.emit("bytes", Uint8Array.of(1, 2)));
  assert.deepEqual((await bytes).args, [Buffer.from([1, 2])]);
  assert.deepEqual(page.errors, []);
});

test("a page comes back when the test breaks its connection", async (t) => {
  const page = await browser.open(t, blank);
  const server = await mockShop(page);
  t.after(() => server.close());
  await page.goto(site.url);
  await page.evaluate(() => {
    const reconnect = { minMs: 1, baseMs: 10, capMs: 10 };
    window.client = window.kit.makeClient("https://shop.example", { reconnect });
    return window.client.connect();
  });
  assert.equal(server.faults.cut(), 1);
  const again = await server.waitFor({ packet: "connect", connection: 2 });
  assert.equal(again.direction, "clientToServer");
  assert.equal(await page.evaluate(() => window.client.request("double", 4)), 8);
  await page.evaluate(() => window.client.destroy());
  await server.waitFor({ kind: "closed", connection: 2 });
});

test("a page has its server in itself", async (t) => {
  const page = await browser.open(t, site.url);
  const told = await page.evaluate(async () => {
    const { createMockServer } = await import("/sockeye/testing.js");
    const server = createMockServer();
    server.on("connection", (socket) => {
      socket.on("bytes", (bytes, answer) => answer(bytes.constructor.name, bytes));
    });
    const reconnect = { minMs: 1, baseMs: 10, capMs: 10 };
    const options = { ...server.clientOptions(), reconnect };
    const client = window.kit.makeClient("https://shop.example", options);
    await client.connect();
    const [name, bytes] = await client.request("bytes", new Blob(["hi"]));
    server.faults.cut();
    await server.waitFor({ packet: "connect", connection: 2 });
    const [again] = await client.request("bytes", Uint8Array.of(1));
    await client.destroy();
    await server.close();
    return [name, [...new Uint8Array(bytes)], again, server.log.at(-1).kind];
  });
  assert.deepEqual(told, ["Uint8Array", [104, 105], "Uint8Array", "closed"]);
  assert.deepEqual(page.errors, []);
});
