/** Numbered events over a reload, in Chromium: the tab itself keeps how far it was told of them. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Server } from "socket.io";
import { createServerHelper, memoryStore } from "sockeye-client/server";
import { useBrowser } from "../support/browser.mjs";
import { listen } from "../support/listen.mjs";
import { startSite } from "../support/site.mjs";

const browser = useBrowser();
let site;
before(async () => (site = await startSite()));
after(() => site?.stop());

/** A server whose helper numbers what it says in the room "news"; `say` says these numbers. */
async function startNews(t) {
  const { server, port, stop } = await listen((_, response) => response.writeHead(404).end());
  const io = new Server(server, { cors: { origin: "*" } });
  const news = createServerHelper({ store: memoryStore() }).attach(io);
  io.on("connection", (socket) =>
    socket.on("join", (done) => void news.join(socket, "news").then(() => done())),
  );
  t.after(async () => {
    await stop();
    await io.close(); // would wait for pages that connect again
  });
  const say = async (from, to) => {
    for (let number = from; number <= to; number += 1) await news.to("news").emit("job", number);
  };
  return { url: `http://127.0.0.1:${port}`, say };
}

/** Joins the room; what comes is in `window.told`, and `window.reached` waits for a number. */
const join = (page, url, dedup) =>
  page.evaluate(
    async ([url, dedup]) => {
      const client = window.kit.makeClient(url, { dedup });
      const told = [];
      const values = client.on("job");
      values.subscribe((number) => told.push(number));
      window.reached = (last) =>
        told.includes(last)
          ? told
          : new Promise((resolve) => {
              values.subscribe((number) => number === last && resolve(told));
            });
      const topic = client.topic({ join: ["join"] });
      topic.retain();
      await client.connect();
      await client.request("join");
      return new Promise((resolve) => {
        client.continuity.subscribe((verdict) => verdict && resolve(verdict.kind));
      });
    },
    [url, dedup],
  );

const reached = (page, last) => page.evaluate((last) => window.reached(last), last);

test("tells no numbered event twice over reloads and loses none, also what came meanwhile", async (t) => {
  const server = await startNews(t);
  const page = await browser.open(t, site.url);
  assert.equal(await join(page, server.url, { persist: true }), "fresh");
  await server.say(1, 20);
  const told = [await reached(page, 20)];
  for (let round = 1; round <= 3; round += 1) {
    const first = round * 20 + 1;
    await page.goto("about:blank");
    await server.say(first, first + 9);
    await page.goto(site.url);
    assert.equal(await join(page, server.url, { persist: true }), "resumed");
    await server.say(first + 10, first + 19);
    told.push(await reached(page, first + 19));
  }
  const all = Array.from({ length: 80 }, (_, index) => index + 1);
  assert.deepEqual(told.flat(), all);
  assert.deepEqual(page.errors, []);
});

test("lets each tab begin on its own, and each page where the application wants that", async (t) => {
  const server = await startNews(t);
  const page = await browser.open(t, site.url);
  await join(page, server.url, { persist: true });
  await server.say(1, 5);
  await reached(page, 5);
  const other = await page.context().newPage();
  await other.goto(site.url);
  assert.equal(await join(other, server.url, { persist: true }), "fresh");
  await server.say(6, 8);
  assert.deepEqual(await reached(other, 8), [6, 7, 8]);
  assert.deepEqual(await reached(page, 8), [1, 2, 3, 4, 5, 6, 7, 8]);
  await page.reload();
  assert.equal(await join(page, server.url, {}), "fresh");
});
