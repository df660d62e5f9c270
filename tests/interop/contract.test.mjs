/** The contract "primes", event by event. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { connect, useSetting } from "./setting.mjs";

const open = useSetting();

async function trigger(server, eventType, data) {
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ eventType, data });
  const init = { method: "POST", headers, body };
  const response = await fetch(`${server.url}/api/subscribe/test`, init);
  assert.equal(response.status, 200);
}

const stats = async (server) => (await fetch(`${server.url}/api/subscribe/stats`)).json();

/** Subscribes or unsubscribes `window.client`; resolves with the confirmation. */
const tell = (page, command) =>
  page.evaluate(async (command) => {
    const { client, kit } = window;
    const confirmed = kit.take(client.on("subscription:confirmed"), 1);
    client.emit(command);
    const [{ type, subscribed }] = await confirmed;
    return `${type} ${subscribed}`;
  }, command);

/** Keeps everything that comes under these names in `window.heard`. */
const listen = (page, names) =>
  page.evaluate((names) => {
    window.heard = [];
    for (const name of names) {
      window.client.on(name).subscribe((value) => window.heard.push([name, value]));
    }
  }, names);

/** Waits until an answer shows that all events before it have come. */
async function heard(page) {
  await tell(page, "subscribe:solutions");
  const values = await page.evaluate(() => window.heard);
  return values.map(([name, { timestamp, ...rest }]) => {
    assert.ok(Date.parse(timestamp) > 0);
    return [name, rest];
  });
}

test("receives the welcome that follows the connection", async (t) => {
  const { page, server } = await open(t);
  const welcome = await page.evaluate(async () => {
    const welcome = window.kit.take(window.client.on("welcome"), 1);
    await window.client.connect();
    return welcome;
  });
  const [id] = server.io.of("/").sockets.keys();
  assert.equal(welcome[0].message, "Connected to the primes server");
  assert.equal(welcome[0].clientId, id);
  assert.equal(await page.evaluate(() => window.client.id), id);
});

test("gets the events of the rooms it subscribes to, until it unsubscribes", async (t) => {
  const { page, server } = await open(t);
  await connect(page);
  await listen(page, ["batch:added", "job:started", "job:completed"]);
  await trigger(server, "job_started", { jobId: "too-early" });
  assert.equal(await tell(page, "subscribe:jobs"), "jobs true");
  assert.deepEqual((await stats(server)).subscriptions, { batches: 0, jobs: 1, solutions: 0 });

  await trigger(server, "job_started", { jobId: "job-1", pid: 7 });
  await trigger(server, "batch_added", { batch: { id: "not-subscribed" } });
  await trigger(server, "job_completed", { jobId: "job-1", exitCode: 0 });
  assert.equal(await tell(page, "unsubscribe:jobs"), "jobs false");
  await trigger(server, "job_started", { jobId: "too-late" });

  assert.deepEqual(await heard(page), [
    ["job:started", { jobId: "job-1", pid: 7 }],
    ["job:completed", { jobId: "job-1", exitCode: 0 }],
  ]);
});

test("receives an event called error like any other", async (t) => {
  const { page } = await open(t);
  await connect(page);
  const [error] = await page.evaluate(() => {
    const errors = window.kit.take(window.client.on("error"), 1);
    window.client.emit("subscribe:weather");
    return errors;
  });
  assert.deepEqual(error, { message: "there is nothing called weather", code: "unknown_type" });
});

test("hears nothing more after its own unsubscribe()", async (t) => {
  const { page, server } = await open(t);
  await connect(page);
  await tell(page, "subscribe:jobs");
  await page.evaluate(() => {
    window.heard = [];
    window.client.on("job:started").subscribe(({ jobId }) => window.heard.push(`all ${jobId}`));
    window.subscription = window.client
      .on("job:started")
      .subscribe(({ jobId }) => window.heard.push(`some ${jobId}`));
  });
  await trigger(server, "job_started", { jobId: "1" });
  await tell(page, "subscribe:batches");
  await page.evaluate(() => window.subscription.unsubscribe());
  await trigger(server, "job_started", { jobId: "2" });
  await tell(page, "subscribe:batches");
  assert.deepEqual(await page.evaluate(() => window.heard), ["all 1", "some 1", "all 2"]);
});
