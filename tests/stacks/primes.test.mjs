/** The back end "primes": Express and socket.io. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertFailure } from "../browser/support/failures.mjs";
import { startPrimes } from "../interop/primes-server.mjs";
import { ask, follow, untilState, usePage } from "./stack.mjs";

const limit = { timeout: 30_000 };
const openPage = usePage();
const types = ["batches", "jobs", "solutions"];

/** Starts the server; its jobs end when `endJob` says so, with this exit code. */
async function start(t) {
  const ends = new Map();
  const work = (jobId) => new Promise((resolve) => ends.set(jobId, resolve));
  const server = await startPrimes({ work });
  t.after(() => server.stop());
  return { ...server, endJob: (jobId, exitCode) => ends.get(jobId)(exitCode) };
}

/** A page with a connected `window.client` in all three rooms, whose events are noted in `window.told`. */
async function subscribedPage(t, url) {
  const page = await openPage(t);
  await page.evaluate(
    async ([url, types]) => {
      window.client = window.kit.makeClient(url);
      window.told = [];
      window.client.onAny().subscribe(({ event, args }) => window.told.push([event, args[0]]));
      window.topics = types.map((type) =>
        window.client.topic({
          join: [`subscribe:${type}`],
          leave: [`unsubscribe:${type}`],
          confirm: {
            event: "subscription:confirmed",
            match: (told) => told.type === type && told.subscribed,
          },
        }),
      );
      window.retained = window.topics.map((topic) => topic.retain());
      await window.client.connect();
      await Promise.all(window.topics.map(({ ready }) => ready));
    },
    [url, types],
  );
  return page;
}

const trigger = (url, eventType, data) =>
  ask("POST", `${url}/api/subscribe/test`, { eventType, data });

const subscriptions = async (url) => (await ask("GET", `${url}/api/subscribe/stats`)).subscriptions;

const untilTold = (page, event, text) =>
  page.waitForFunction(
    ([event, text]) =>
      window.told.some(([name, data]) => name === event && JSON.stringify(data).includes(text)),
    [event, text],
  );

/** Ends every connection as a network does; resolves when the page is in its rooms again. */
async function cut(page, io) {
  await page.evaluate(() => {
    window.away = window.kit.until(window.client, "waiting");
  });
  for (const { conn } of io.sockets.sockets.values()) conn.close();
  await page.evaluate(async () => {
    await window.away;
    await window.kit.until(window.client, "connected");
    await Promise.all(window.topics.map(({ ready }) => ready));
  });
}

test(
  "is told of all three rooms, again after a cut, and of none that it has left",
  limit,
  async (t) => {
    const { io, url } = await start(t);
    const page = await subscribedPage(t, url);
    for (const id of ["before", "after"]) {
      assert.deepEqual(await subscriptions(url), { batches: 1, jobs: 1, solutions: 1 });
      await trigger(url, "batch_added", { batch: { id } });
      await trigger(url, "batch_updated", { batch: { id, primes: 7 } });
      await trigger(url, "solution_found", { solution: { id } });
      await trigger(url, "job_completed", { jobId: id, exitCode: 0 });
      await untilTold(page, "job:status_changed", id);
      const told = await page.evaluate(() => window.told.splice(0));
      const names = told.map(([event]) => event).filter((event) => event.includes(":"));
      assert.deepEqual(
        names.filter((event) => event !== "subscription:confirmed"),
        ["batch:added", "batch:updated", "solution:found", "job:completed", "job:status_changed"],
      );
      assert.deepEqual(told.find(([event]) => event === "batch:updated")[1].batch, {
        id,
        primes: 7,
      });
      await cut(page, io);
    }
    await page.evaluate(() => window.retained.forEach((topic) => topic.unsubscribe()));
    await page.waitForFunction(
      () => window.told.filter(([, { subscribed }]) => subscribed === false).length === 3,
    );
    assert.deepEqual(await subscriptions(url), { batches: 0, jobs: 0, solutions: 0 });
    const { events } = await ask("GET", `${url}/api/subscribe`);
    for (const type of types) assert.ok(events.clientToServer.includes(`subscribe:${type}`));
  },
);

test("follows jobs to their ends, also over a cut", limit, async (t) => {
  const { io, url, endJob } = await start(t);
  const page = await subscribedPage(t, url);
  for (const [jobId, exitCode, isCut] of [
    ["job-1", 0, false],
    ["job-2", 3, true],
  ]) {
    await follow(page, jobId, "roomJobs");
    await untilState(page, "isCurrent", true);
    const { jobId: started } = await ask("POST", `${url}/api/job/next`, {});
    assert.equal(started, jobId);
    await untilState(page, "status", "running");
    if (isCut) await cut(page, io);
    endJob(jobId, exitCode);
    const { status, result, error } = await page.evaluate(() => window.ended);
    const expected = isCut ? ["failed", undefined, "it ended with 3"] : ["succeeded", 0, undefined];
    assert.deepEqual([status, result, error], expected);
  }
});

test("is told why the server's middleware does not let it in", limit, async (t) => {
  const { io, url } = await start(t);
  io.use(({ handshake }, next) => {
    const isKnown = handshake.auth.key === "of the team";
    next(isKnown ? undefined : Object.assign(new Error("unknown key"), { data: { code: 403 } }));
  });
  const page = await openPage(t);
  const [refused, state] = await page.evaluate(async (url) => {
    const { makeClient, outcome } = window.kit;
    const refused = await outcome(makeClient(url, { auth: { key: "another" } }).connect());
    const client = makeClient(url, { auth: { key: "of the team" } });
    await client.connect();
    return [refused, client.status.value.state];
  }, url);
  assertFailure(refused, "connect_refused");
  assert.deepEqual(refused.data, { message: "unknown key", data: { code: 403 } });
  assert.equal(state, "connected");
});
