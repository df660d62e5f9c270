/** The back end "jobs": NestJS with its data in Redis. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertFailure } from "../browser/support/failures.mjs";
import { endInReverse, startRedis } from "../interop/processes.mjs";
import { ask, follow, startNest, untilOver, untilState, usePage } from "./stack.mjs";

const limit = { timeout: 30_000 };
const openPage = usePage();
const life = ["job:update", "job:progress", "job:progress", "job:progress"];

async function startJobs(t) {
  const owner = endInReverse(t);
  return startNest(owner, "jobs", await startRedis(owner));
}

/** A page with a connected `window.client`, whose jobs' events are noted in `window.told`. */
async function connectedPage(t, url) {
  const page = await openPage(t);
  await page.evaluate(async (url) => {
    const { makeClient } = window.kit;
    window.client = makeClient(`${url}/jobs`);
    window.told = [];
    window.client.onAny().subscribe(({ event, args }) => window.told.push([event, args[0].jobId]));
    await window.client.connect();
  }, url);
  return page;
}

const until = (page, last, jobId) =>
  page.waitForFunction(
    ([last, jobId]) => window.told.some(([event, id]) => event === last && id === jobId),
    [last, jobId],
  );

test(
  "tells a job to those who have subscribed to it, and its history to who asks",
  limit,
  async (t) => {
    const url = await startJobs(t);
    const page = await connectedPage(t, url);
    const answers = await page.evaluate(async () => {
      const { client } = window;
      return [
        await client.request("subscribe:jobs", { userId: "ada" }),
        await client.request("subscribe:jobs", { jobId: "none" }),
        await client.request("unsubscribe:jobs", { jobId: "none" }),
      ];
    });
    assert.deepEqual(answers, [
      { success: true, room: "user:ada", message: "subscribed to user:ada" },
      { success: true, room: "job:none", message: "subscribed to job:none" },
      { success: true, room: "job:none", message: "unsubscribed from job:none" },
    ]);
    const start = (wanted) => ask("POST", `${url}/api/jobs`, wanted);
    const { jobId: others } = await start({ userId: "bob" });
    const { jobId } = await start({ userId: "ada" });
    const { jobId: failing } = await start({ userId: "ada", fail: true });
    await until(page, "job:completed", jobId);
    await until(page, "job:error", failing);
    const told = await page.evaluate(() => window.told);
    const of = (id) => told.filter(([, job]) => job === id).map(([event]) => event);
    assert.deepEqual(of(others), []);
    assert.deepEqual(of(jobId), [...life, "job:completed"]);
    assert.deepEqual(of(failing), [...life, "job:error"]);
    const { updates } = await ask("GET", `${url}/api/jobs/${jobId}/history?limit=2`);
    assert.deepEqual(
      updates.map(({ event, payload: { progress, result } }) => [event, progress ?? result]),
      [
        ["job:progress", 100],
        ["job:completed", { steps: 3 }],
      ],
    );
  },
);

test("is in its rooms again when the connection was lost", limit, async (t) => {
  const url = await startJobs(t);
  const page = await connectedPage(t, url);
  await page.evaluate(async () => {
    const { client, kit } = window;
    const join = ["subscribe:jobs", { userId: "ada" }];
    window.topic = client.topic({ join, leave: ["unsubscribe:jobs", { userId: "ada" }] });
    window.topic.retain();
    await window.topic.ready;
    window.away = kit.until(client, "waiting");
  });
  await ask("POST", `${url}/api/jobs/cut`, {});
  await page.evaluate(async () => {
    await window.away;
    await window.kit.until(window.client, "connected");
    await window.topic.ready;
  });
  const { jobId } = await ask("POST", `${url}/api/jobs`, { userId: "ada" });
  await until(page, "job:completed", jobId);
});

test("has the whole life of a job that was over before anybody asked", limit, async (t) => {
  const url = await startJobs(t);
  const page = await connectedPage(t, url);
  const { jobId } = await ask("POST", `${url}/api/jobs`, {});
  await untilOver(`${url}/api/jobs/${jobId}`);
  await follow(page, jobId, "nestJobs", { url: `${url}/api/jobs` });
  const { status, progress, result, fetchError } = await page.evaluate(() => window.ended);
  assert.deepEqual([status, progress, result], ["succeeded", 100, { steps: 3 }]);
  assert.equal(fetchError, undefined);
});

test("follows a job that ends while the client is away", limit, async (t) => {
  const url = await startJobs(t);
  const page = await connectedPage(t, url);
  const { jobId } = await ask("POST", `${url}/api/jobs`, { waits: true });
  await follow(page, jobId, "nestJobs", { url: `${url}/api/jobs` });
  await untilState(page, "progress", 100);
  await untilState(page, "isCurrent", true);
  await page.evaluate(() => window.client.disconnect());
  await ask("POST", `${url}/api/jobs/${jobId}/end`, {});
  await untilOver(`${url}/api/jobs/${jobId}`);
  const away = await page.evaluate(() => window.states.at(-1));
  assert.equal(away.status, "running");
  const { status, result } = await page.evaluate(async () => {
    await window.client.connect();
    return window.ended;
  });
  assert.deepEqual([status, result], ["succeeded", { steps: 3 }]);
});

test("rejects an action whose handler throws, and does not send it again", limit, async (t) => {
  const url = await startJobs(t);
  const page = await connectedPage(t, url);
  const { failure, answer, state } = await page.evaluate(async () => {
    const { client, kit } = window;
    const { nest } = await import("/sockeye/index.js");
    client.outbox.nack("exception", nest);
    const failing = client.enqueue("cancel:job", { jobId: "unknown" });
    const failure = await kit.outcome(failing.result);
    const answer = await client.enqueue("cancel:job", { jobId: "known" }).result;
    return { failure, answer, state: failing.status.value.state };
  });
  assertFailure(failure, "action_rejected");
  assert.match(JSON.stringify(failure.data), /there is no job unknown/);
  assert.equal(state, "rejected");
  assert.deepEqual(answer, { cancelled: "known" });
  const { attempts } = await ask("GET", `${url}/api/jobs/attempts/unknown`);
  assert.equal(attempts, 1);
});

test("is refused with what the server's middleware says", limit, async (t) => {
  const url = await startJobs(t);
  const page = await openPage(t);
  const refused = await page.evaluate((url) => {
    const client = window.kit.makeClient(`${url}/jobs`, { auth: { token: "stolen" } });
    return window.kit.outcome(client.connect());
  }, url);
  assertFailure(refused, "connect_refused");
  assert.equal(refused.data.message, "unauthorized");
});
