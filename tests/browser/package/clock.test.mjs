/** Wall clocks that jump by years, in every page anew and while it lives. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Random } from "../../differential/random.mjs";
import { useBrowser } from "../support/browser.mjs";
import { startServer } from "../support/saving.mjs";
import { startSite } from "../support/site.mjs";

const browser = useBrowser();
let site;
before(async () => (site = await startSite()));
after(() => site?.stop());

const pages = 12;
const perPage = 10;

test("keeps what was enqueued, and its order, when the clock jumps by up to ten years", async (t) => {
  const random = new Random(17);
  const server = await startServer(t, { hasHelper: true });
  const page = await browser.open(t, site.url, jump);
  const accepted = [];
  for (let count = 0; count < pages; count += 1) {
    const settings = { url: server.url, first: accepted.length, perPage };
    const isConnected = random.oneIn(2);
    accepted.push(...(await page.evaluate(enqueue, { ...settings, isConnected })));
    await page.reload();
  }
  const left = await page.evaluate(drain, server.url);
  assert.equal(left, 0);
  assert.deepEqual(server.applied, [...accepted, -1]);
  assert.deepEqual(page.errors, []);
});

/**
 * Each reading of the wall clock is some even number of years off, and so is the time at which the page begins:
 * an age of less than a year would be believed.
 */
function jump() {
  const twoYears = 2 * 366 * 86_400_000;
  const loads = Number(sessionStorage.getItem("loads") ?? 0);
  sessionStorage.setItem("loads", String(loads + 1));
  let state = loads * 7_919 + 1;
  const offset = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (Math.floor((state / 2 ** 32) * 11) - 5) * twoYears;
  };
  const { now } = Date;
  Date.now = () => now() + offset();
  const begin = performance.timeOrigin + offset();
  Object.defineProperty(performance, "timeOrigin", { get: () => begin });
}

/** Enqueues numbers that follow each other; resolves with them when they are stored. */
async function enqueue({ url, first, perPage, isConnected }) {
  const client = window.kit.makeClient(url);
  if (isConnected) void client.connect();
  const values = Array.from({ length: perPage }, (_, index) => first + index);
  const aDay = client.with({ ttlMs: 86_400_000 });
  await Promise.all(values.map((value) => aDay.enqueue("save", value).accepted));
  return values;
}

/** Resolves with how many actions are left when the last one has been answered. */
async function drain(url) {
  const client = window.kit.makeClient(url);
  await client.connect();
  await client.enqueue("save", -1).result;
  return client.outbox.items.value.length;
}
