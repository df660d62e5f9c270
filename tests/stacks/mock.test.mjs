/** The same back ends as the mock server plays them: the main scenario of each, and a cut connection. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertFailure } from "../browser/support/failures.mjs";
import { startMock } from "../browser/support/mock.mjs";
import { follow, untilOver, untilState, usePage } from "./stack.mjs";

const limit = { timeout: 30_000 };
const openPage = usePage();
let mock;
before(async () => {
  const fast = ["--rate", "0", "--speed", "1000", "--progress-interval-ms", "60000"];
  mock = await startMock({ args: fast });
});
after(() => mock.stop());

/** A page with a connected `window.client`, whose events are noted in `window.told`. */
async function connectedPage(t, contract, options) {
  const page = await openPage(t);
  await page.evaluate(
    async ([url, options]) => {
      window.client = window.kit.makeClient(url, options);
      window.told = [];
      window.client.onAny().subscribe(({ event, args }) => window.told.push([event, args[0]]));
      await window.client.connect();
    },
    [
      contract === "jobs" ? `${mock.url}/jobs` : mock.url,
      { path: `/${contract}/socket.io`, ...options },
    ],
  );
  return page;
}

const untilTold = (page, event, text = "") =>
  page.waitForFunction(
    ([event, text]) =>
      window.told.some(([name, data]) => name === event && JSON.stringify(data).includes(text)),
    [event, text],
  );

/** Cuts the connections of a contract; resolves when the page's client is back. */
async function cut(page, contract) {
  await page.evaluate(() => {
    window.away = window.kit.until(window.client, "waiting");
  });
  await mock.cut({ contract });
  await page.evaluate(async () => {
    await window.away;
    await window.kit.until(window.client, "connected");
  });
}

test(
  "realtime: a search, with its events once and in order, before and after a cut",
  limit,
  async (t) => {
    const { token } = await mock.post("/realtime/api/tokens", { userId: "ada" });
    const page = await connectedPage(t, "realtime", { auth: { token } });
    for (const jobId of ["first", "second"]) {
      const answer = await page.evaluate(
        (jobId) => window.client.request("search:start:v1", { query: "salmon", jobId }),
        jobId,
      );
      assert.deepEqual(answer, { jobId });
      await untilTold(page, "model:complete:v1", jobId);
      const told = await page.evaluate(
        (jobId) => window.told.filter(([, { jobId: id }]) => id === jobId),
        jobId,
      );
      const of = (name) => told.filter(([event]) => event === name).map(([, data]) => data);
      const { results } = of("search:complete:v1")[0];
      assert.deepEqual(
        of("search:result:v1").map(({ result }) => result),
        results,
      );
      const text = of("model:chunk:v1").map(({ chunk }) => chunk);
      assert.equal(text.join(""), of("model:complete:v1")[0].text);
      await cut(page, "realtime");
    }
  },
);

test("realtime: who has no good token is refused", limit, async (t) => {
  const page = await openPage(t);
  const refused = await page.evaluate((url) => {
    const options = { path: "/realtime/socket.io", auth: { token: "forged" } };
    return window.kit.outcome(window.kit.makeClient(url, options).connect());
  }, mock.url);
  assertFailure(refused, "connect_refused");
  assert.deepEqual(refused.data, { message: "unauthorized", data: { code: "unauthorized" } });
});

test(
  "craft: what is for all, and what changes of a resource, before and after a cut",
  limit,
  async (t) => {
    const page = await connectedPage(t, "craft", { withCredentials: true });
    for (const title of ["first", "second"]) {
      await mock.post("/craft/api/broadcast", { event: "notification", data: { title } });
      await untilTold(page, "notification", title);
      const response = await fetch(`${mock.url}/craft/api/resource/tank`, {
        method: "PATCH",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ title }),
      });
      assert.deepEqual(await response.json(), { title });
      await untilTold(page, "resource:tank", title);
      await cut(page, "craft");
    }
  },
);

test(
  "agents: a job's life is told to members, again after a cut, and to nobody else",
  limit,
  async (t) => {
    const { token } = await mock.post("/agents/api/agents/tokens", { user: "ada" });
    const page = await connectedPage(t, "agents", { query: { token } });
    await page.evaluate(() => {
      const join = () => window.client.emit("subscribe_project", { project_id: "apollo" });
      window.client.onConnected(join);
      join();
      window.client.emit("subscribe_project", { project_id: "borealis" });
    });
    await untilTold(page, "error", "borealis");
    for (const kind of ["first", "second"]) {
      const body = { project_id: "apollo", kind, steps: 4, fail: false };
      const { job_id } = await mock.post("/agents/api/agents/jobs", body);
      await untilTold(page, "agent_status", job_id);
      await page.waitForFunction(
        (id) => window.told.some(([, { job_id, result }]) => job_id === id && result),
        job_id,
      );
      const life = await page.evaluate(
        (id) => window.told.filter(([, { job_id }]) => job_id === id).map(([, data]) => data),
        job_id,
      );
      assert.deepEqual(
        life.map(({ status, progress }) => status ?? progress),
        ["queued", "running", 25, 100, "success"],
      );
      await cut(page, "agents");
      // What is sent in order is done in order: the server has the subscription, too.
      await page.evaluate(() => window.client.emit("subscribe_project", { project_id: "nowhere" }));
      await untilTold(page, "error", "nowhere");
    }
  },
);

test(
  "jobs: a job's life in the rooms of a topic, before and after a cut, and its history",
  limit,
  async (t) => {
    const page = await connectedPage(t, "jobs", {});
    await page.evaluate(() => {
      const join = ["subscribe:jobs", { userId: "ada" }];
      window.topic = window.client.topic({ join, leave: ["unsubscribe:jobs", { userId: "ada" }] });
      window.topic.retain();
    });
    for (const fail of [false, true]) {
      await page.evaluate(() => window.topic.ready);
      const { jobId } = await mock.post("/jobs/api/jobs", { userId: "ada", steps: 2, fail });
      await untilTold(page, fail ? "job:error" : "job:completed", jobId);
      const told = await page.evaluate(
        (id) => window.told.filter(([, { jobId }]) => jobId === id).map(([event]) => event),
        jobId,
      );
      const response = await fetch(`${mock.url}/jobs/api/jobs/${jobId}/history`);
      const { updates } = await response.json();
      assert.deepEqual(
        updates.map(({ event }) => event),
        told,
      );
      await cut(page, "jobs");
    }
  },
);

test(
  "jobs: a job is followed to its end, also if it ends while the client is away",
  limit,
  async (t) => {
    const page = await connectedPage(t, "jobs", {});
    const url = `${mock.url}/jobs/api/jobs`;
    const { jobId } = await mock.post("/jobs/api/jobs", { steps: 400, fail: false });
    await follow(page, jobId, "nestJobs", { url });
    await page.evaluate(async () => {
      const { job, nestJobs } = await import("/sockeye/index.js");
      await new Promise((resolve) => {
        job(window.client, window.states[0].id, nestJobs()).subscribe(({ progress }) => {
          if (progress === undefined) return;
          window.client.disconnect();
          resolve();
        });
      });
    });
    await untilOver(`${url}/${jobId}`);
    const away = await page.evaluate(() => window.states.at(-1));
    assert.equal(away.status, "running");
    const { status, progress, result } = await page.evaluate(async () => {
      await window.client.connect();
      return window.ended;
    });
    assert.deepEqual([status, progress, result.steps], ["succeeded", 100, 400]);
  },
);

test("agents: a job is followed to its end, again after a cut", limit, async (t) => {
  const { token } = await mock.post("/agents/api/agents/tokens", { user: "ada" });
  const page = await connectedPage(t, "agents", { query: { token } });
  for (const isCut of [false, true]) {
    const body = { project_id: "apollo", kind: "review", steps: 400, fail: false };
    const { job_id } = await mock.post("/agents/api/agents/jobs", body);
    await follow(page, job_id, "projectJobs", "apollo");
    await untilState(page, "isCurrent", true);
    if (isCut) await cut(page, "agents");
    const { status, result } = await page.evaluate(() => window.ended);
    assert.deepEqual([status, result.kind], ["succeeded", "review"]);
  }
});
