/** The demo with a server that works. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { useBrowser } from "../support/browser.mjs";
import { partsOf, ready, startDemo, trigger } from "../support/demo.mjs";
import { waitFor } from "../support/wait.mjs";

const browser = useBrowser();
let server;
before(async () => (server = await startDemo()));
after(() => server.stop());

async function openDemo(t) {
  const page = await browser.open(t, server.url);
  await ready(page);
  return { page, ...partsOf(page) };
}

test("connects all clients, each once", async (t) => {
  const { page } = await openDemo(t);
  const { count, webSockets, connections } = await server.connections();
  assert.deepEqual([count, webSockets], [3, 3]);
  const seen = connections.map(({ contract, namespace }) => `${contract} ${namespace}`).sort();
  assert.deepEqual(seen, ["craft /", "jobs /jobs", "primes /"]);
  assert.deepEqual(page.errors, []);
});

test("shows batches and solutions as they come", async (t) => {
  const { page, row } = await openDemo(t);
  await trigger(server, "batch_added", { id: "batch-test" });
  await row("batch-row", "batch-test").waitFor();
  await trigger(server, "batch_updated", { id: "batch-test", solutions: 17 });
  await row("batch-row", "batch-test").getByText("17").waitFor();
  await trigger(server, "solution_found", { id: "solution-test" });
  await row("solution-row", "solution-test").waitFor();
  assert.deepEqual(page.errors, []);
});

test("starts a job of the primes and shows what becomes of it", async (t) => {
  const { page, part, click } = await openDemo(t);
  await click("start-prime-job");
  const rows = part("prime-job-row");
  await rows.first().waitFor();
  await rows
    .getByText(/completed|failed/)
    .first()
    .waitFor();
  assert.equal(await rows.count(), 1);
  assert.deepEqual(page.errors, []);
});

test("follows a job of the monitor from its start to its end", async (t) => {
  const { page, part, click } = await openDemo(t);
  await part("job-steps").fill("5");
  await click("start-job");
  const job = part("job-row").first();
  await job.and(page.locator('[data-state="completed"]')).waitFor();
  assert.equal(await job.getByTestId("progress").getAttribute("value"), "100");
  await job.getByTestId("history-job").click();
  const updates = part("history-row");
  await updates.first().waitFor();
  assert.equal(await updates.count(), 8, "queued, started, five steps, completed");
  assert.deepEqual(page.errors, []);
});

test("shows a job that fails", async (t) => {
  const { page, part, click } = await openDemo(t);
  await part("job-fail").check();
  await click("start-job");
  await part("job-row").first().and(page.locator('[data-state="failed"]')).waitFor();
  assert.deepEqual(page.errors, []);
});

test("hears nothing of a topic after it unsubscribes, and again when it subscribes", async (t) => {
  const { page, click, row, topicIs } = await openDemo(t);
  await click("subscribe-batches");
  await topicIs("batches", "unsubscribed");
  await trigger(server, "batch_added", { id: "batch-unheard" });
  await click("subscribe-batches");
  await topicIs("batches", "subscribed");
  await trigger(server, "batch_added", { id: "batch-heard" });
  await row("batch-row", "batch-heard").waitFor();
  assert.equal(await row("batch-row", "batch-unheard").count(), 0);
  assert.deepEqual(page.errors, []);
});

test("counts each event once", async (t) => {
  const { eventCount, row } = await openDemo(t);
  const before = await eventCount();
  for (const number of [1, 2, 3]) await trigger(server, "batch_added", { id: `batch-${number}` });
  await row("batch-row", "batch-3").waitFor();
  await waitFor("the count", async () => (await eventCount()) === before + 3);
});

test("closes its connections when the page goes away", async (t) => {
  const { page } = await openDemo(t);
  await page.goto("about:blank");
  await waitFor("the server to see it", async () => (await server.connections()).count === 0);
});

/** Roles whose elements people cannot use without a name. */
const named = ["button", "checkbox", "spinbutton", "textbox", "progressbar", "region", "table"];

test("gives everything that can be used a name, and the page its landmarks", async (t) => {
  const { page, part, click } = await openDemo(t);
  await click("start-job");
  await part("job-row").first().waitFor();
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send("Accessibility.getFullAXTree");
  const visible = nodes.filter(({ ignored }) => !ignored);
  const roles = visible.map(({ role }) => role?.value);
  const nameless = visible.filter(({ role, name }) => named.includes(role?.value) && !name?.value);
  assert.deepEqual(
    nameless.map(({ role }) => role.value),
    [],
  );
  for (const role of ["banner", "main", "contentinfo", "heading", "progressbar", "status"]) {
    assert.ok(roles.includes(role), `has a ${role}`);
  }
  assert.ok(await page.title());
  assert.ok(await page.locator("html").getAttribute("lang"));
});

test("can be used with the keyboard alone", async (t) => {
  const { page, part } = await openDemo(t);
  await part("start-job").focus();
  await page.keyboard.press("Enter");
  await part("job-row").first().waitFor();
  await part("toggle-primes").focus();
  await page.keyboard.press("Space");
  await partsOf(page).shows("primes", "disconnected");
});
