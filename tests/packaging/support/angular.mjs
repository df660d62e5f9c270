/** What Angular's consumers are asked in addition: see `consumers/angular21-zoneless/src/measured.ts`. */
import { shows } from "./visit.mjs";

const events = 100;

/** Goes between the views of which one has two subscribers, and counts what is called and checked. */
export async function checkAngular({ page, desk, assert }) {
  const [socket] = desk.io.of("/").sockets.values();
  socket.on("lane:join", (_lane, answer) => answer());
  const isKept = await page.evaluate(() => window.measured.prerendered?.isConnected);
  assert.ok(isKept, "what was rendered on the server is taken over");
  for (let times = 0; times < 5; times += 1) {
    await goTo(page, "lane", "topic");
    await goTo(page, "orders", "order");
  }
  await checkBurst({ page, desk, assert, heard: 0 });
  await goTo(page, "lane", "topic");
  await shows(page, "topic", "live");
  await checkBurst({ page, desk, assert, heard: 2 * events });
  desk.io.emit("moved", "Heron", 3, 4);
  await shows(page, "moved", "Heron is at 3, 4");
  const { ticks } = await measuredIn(page);
  assert.ok(ticks > 0, "what is shown is checked");
}

/** Events that nobody shows are heard by those who listen, and cause no change detection. */
async function checkBurst({ page, desk, assert, heard }) {
  await settled(page);
  await page.evaluate(() => Object.assign(window.measured, { heard: 0, ticks: 0 }));
  for (let number = 1; number <= events; number += 1) desk.io.emit("tick", number);
  await desk.io.timeout(10_000).emitWithAck("has all come?");
  await settled(page);
  assert.deepEqual(await measuredIn(page), { heard, ticks: 0 });
}

async function goTo(page, view, id) {
  await page.getByTestId(`to-${view}`).click();
  await page.getByTestId(id).waitFor();
}

const measuredIn = (page) =>
  page.evaluate(() => ({ heard: window.measured.heard, ticks: window.measured.ticks }));

/** Resolves when Angular has checked what was to be checked: it waits for a frame or a timer. */
const settled = (page) =>
  page.evaluate(async () => {
    await new Promise((done) => setTimeout(done));
    for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame);
  });
