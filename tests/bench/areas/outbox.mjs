/**
 * The area about the outbox in the browser's database: enqueuing, starting again with what a page before
 * has left, and sending it, side by side with the same records written and read by hand.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { chromium } from "playwright-core";
import { Server } from "socket.io";
import { createServerHelper, memoryStore } from "sockeye-client/server";
import { chromiumArguments, chromiumPath } from "../../../tools/chromium.mjs";
import { listen } from "../../browser/support/listen.mjs";
import { bundle, goto, measureIn, serve } from "../support/browser.mjs";

const lengths = {
  full: { rounds: 3, count: 10_000, sent: 1_000 },
  quick: { rounds: 1, count: 20, sent: 5 },
};

export const outbox = {
  title: "The outbox in the browser's database",
  notes: [
    "What is sent waits for two transactions and for the server: there is nothing to compare.",
  ],
  columns: { reference: "IndexedDB by hand" },
  async measure({ quick }) {
    const length = lengths[quick ? "quick" : "full"];
    const figures = { called: [], stored: [], restored: [], drained: [], written: [], read: [] };
    await withPages(async (inPage) => {
      for (let round = 0; round < length.rounds; round++) {
        const found = await measureOnce(inPage, `round${round}`, length);
        for (const [name, figure] of Object.entries(found)) figures[name].push(figure);
      }
    });
    return toRows(figures, length);
  },
};

/** Calls `use` with what runs a measurement in a page of its own, as after a reload. */
async function withPages(use) {
  const { server, url, stop } = await listen(serve(await bundle("outbox.js")));
  const io = startServer(server);
  // Incognito pages, which are what browsers of tests usually have, keep their databases in memory.
  const profile = mkdtempSync(path.join(tmpdir(), "sockeye-bench-"));
  const remove = () =>
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  process.once("exit", remove);
  const options = { executablePath: chromiumPath(), args: chromiumArguments };
  const context = await chromium.launchPersistentContext(profile, options);
  try {
    await use(async (measurement, scope) => {
      const page = await context.newPage();
      page.on("pageerror", (error) => console.error(error));
      await goto(page, url);
      const figure = await measureIn(page, measurement, { url, ...scope });
      await page.close();
      return figure;
    });
  } finally {
    await context.close();
    await stop();
    await io.close(); // would wait for pages that connect again
    process.off("exit", remove);
    remove();
  }
}

function startServer(server) {
  const io = new Server(server, { serveClient: false });
  const helper = createServerHelper({ store: memoryStore() }).attach(io);
  io.on("connection", (socket) => helper.handle(socket, "save", async () => "saved"));
  return io;
}

async function measureOnce(inPage, name, { count, sent }) {
  const scope = { name, count };
  const written = await inPage("writeBare", scope);
  const read = await inPage("readBare", scope);
  const { called, stored } = await inPage("enqueue", scope);
  const restored = await inPage("restore", scope);
  const few = { name: `${name} to send`, count: sent };
  await inPage("enqueue", few);
  const drained = await inPage("drain", few);
  return { called, stored, restored, drained, written, read };
}

function toRows({ called, stored, restored, drained, written, read }, { count, sent }) {
  const perSecond = (figures, of) => figures.map((elapsed) => (of * 1_000) / elapsed);
  const stores = { ours: perSecond(stored, count), reference: perSecond(written, count) };
  return [
    { case: "stored, strict", unit: "1/s", ...stores, more: true, goal: { ratio: 0.8 } },
    { case: `${count} calls of enqueue`, unit: "ms", ours: called },
    { case: "sent, answered and removed", unit: "1/s", ours: perSecond(drained, sent), more: true },
    {
      case: `start with ${count} stored`,
      unit: "ms",
      ours: restored,
      reference: read,
      goal: { most: 150 },
    },
  ];
}
