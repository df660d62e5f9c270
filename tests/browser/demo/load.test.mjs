/** The part of the demo with a client under load: where its core is, its frames, its connections. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { useBrowser } from "../support/browser.mjs";
import { partsOf, ready, startDemo } from "../support/demo.mjs";
import { waitFor } from "../support/wait.mjs";

const browser = useBrowser();
let server;
before(async () => (server = await startDemo()));
after(() => server.stop());

async function openDemo(t, { query = "", init } = {}) {
  const page = await browser.open(t, server.url + query, init);
  await ready(page);
  return withParts(page);
}

/** Opens one more tab of the same browser. */
async function openTab({ page }, query) {
  const tab = await page.context().newPage();
  await tab.goto(server.url + query);
  await ready(tab);
  return withParts(tab);
}

function withParts(page) {
  const { part, row } = partsOf(page);
  const text = (id) => part(id).textContent();
  const number = async (id) => Number((await text(id)).replaceAll(",", ""));
  // Its circle is not shown, so it is its label that people click.
  const choose = (id) => part(id).click({ force: true });
  return { page, part, row, text, number, choose };
}

const connectionsAre = ({ number }, count) =>
  waitFor(`${count} connections`, async () => (await number("connections-all")) === count);

test("moves the core into a worker and back, and keeps that in the address", async (t) => {
  const { page, part, choose } = await openDemo(t);
  assert.ok(await part("core-page").isChecked());
  assert.equal(page.workers().length, 0);
  await choose("core-worker");
  await waitFor("a worker", () => page.workers().length === 1);
  await ready(page);
  await page.reload();
  assert.ok(await part("core-worker").isChecked());
  await ready(page);
  assert.equal(page.workers().length, 1);
  await choose("core-page");
  await waitFor("the worker to end", () => page.workers().length === 0);
  await ready(page);
  assert.deepEqual(page.errors, []);
});

test("counts one connection of all tabs with a shared worker, and one for each tab without", async (t) => {
  const first = await openDemo(t, { query: "/?core=shared" });
  const tabs = [first];
  while (tabs.length < 10) tabs.push(await openTab(first, "/?core=shared"));
  await first.page.bringToFront();
  await connectionsAre(first, 1);
  const { connections } = await server.connections();
  assert.equal(connections.filter(({ contract }) => contract === "craft").length, 1);
  for (const { choose } of tabs.slice(0, 3)) await choose("core-page");
  await connectionsAre(first, 4);
  assert.deepEqual(first.page.errors, []);
});

test("has the server send so much, shows it, and listens to less when it is conflated", async (t) => {
  const { page, part, number, choose, row } = await openDemo(t);
  t.after(() => server.post("/control/rate", { perSecond: 0 }));
  assert.ok(await part("rate-0").isChecked());
  await choose("rate-1000");
  await row("quote-row", "MAPL").waitFor();
  await waitFor("calls for each", async () => (await number("listener-calls")) > 250);
  await choose("way-conflated");
  await waitFor("calls for each frame", async () => {
    const calls = await number("listener-calls");
    return calls > 0 && calls < 125;
  });
  const other = await openTab({ page }, "/");
  await waitFor("the rate in another tab", () => other.part("rate-1000").isChecked());
  await choose("rate-0");
  await waitFor("silence", async () => (await number("listener-calls")) === 0);
  assert.deepEqual(page.errors, []);
});

/** Runs in the page: whether the chart has a pixel of what the theme has for long frames. */
function hasLongBar() {
  const canvas = document.querySelector("canvas");
  const bad = getComputedStyle(canvas).getPropertyValue("--bad");
  const parts = bad.match(/[0-9a-f]{2}/g).map((part) => Number.parseInt(part, 16));
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  for (let at = 0; at < data.length; at += 4) {
    if (parts.every((part, channel) => data[at + channel] === part)) return true;
  }
  return false;
}

/** Runs in the page: keeps its main thread busy. */
function work(ms) {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

test("marks a long frame in the chart, and tells it in figures and in words", async (t) => {
  const { page, part, text, number } = await openDemo(t);
  await waitFor("figures", async () => /^\d+\.\d ms$/.test(await text("frame-p50")));
  await page.evaluate(work, 400);
  await waitFor("the figures", async () => Number.parseFloat(await text("frame-max")) >= 350);
  assert.ok((await number("frame-long")) > 0);
  assert.ok(await page.evaluate(hasLongBar));
  const words = await part("frame-chart").getAttribute("aria-label");
  assert.match(words, /p50 \d+\.\d ms, p99 \d+\.\d ms, longest \d+\.\d ms, \d+ long/);
});

test("says so where there are no shared workers, and connects all the same", async (t) => {
  const { page, text } = await openDemo(t, {
    query: "/?core=shared",
    init: () => delete globalThis.SharedWorker,
  });
  await page.getByTestId("worker-problem").waitFor();
  assert.match(await text("worker-problem"), /runs in the page/);
  assert.equal(await text("status-quotes"), "connected");
});
