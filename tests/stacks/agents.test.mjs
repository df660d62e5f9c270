/** The back end "agents": python-socketio under uvicorn. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { assertFailure } from "../browser/support/failures.mjs";
import { ask, follow, startPython, usePage } from "./stack.mjs";

const limit = { timeout: 30_000 };
const openPage = usePage();

const tokenOf = (user) => {
  const hash = createHash("sha256").update(`the secret of the tests, ${user}`);
  return `${user}:${hash.digest("hex")}`;
};

/** A page with a connected `window.client` of a user, whose events are noted in `window.told`. */
async function connectedPage(t, url, user) {
  const page = await openPage(t);
  await page.evaluate(
    async ([url, token]) => {
      window.client = window.kit.makeClient(url, { query: { token } });
      window.told = [];
      window.client.onAny().subscribe(({ event, args }) => window.told.push([event, args[0]]));
      await window.client.connect();
    },
    [url, tokenOf(user)],
  );
  return page;
}

/** Joins a project; the server answers who is no member, and nobody else. */
const join = (page, project) =>
  page.evaluate(
    (project) => window.client.emit("subscribe_project", { project_id: project }),
    project,
  );

const untilTold = (page, event, text) =>
  page.waitForFunction(
    ([event, text]) =>
      window.told.some(
        ([name, payload]) => name === event && JSON.stringify(payload).includes(text),
      ),
    [event, text],
  );

const startJob = (url, project, steps) =>
  ask("POST", `${url}/api/agents/jobs`, { project_id: project, kind: "index", steps });

test(
  "tells a job's life to the members of its project, with as much progress as there is to be",
  limit,
  async (t) => {
    const url = await startPython(t, "agents", "3600");
    const [ada, bob] = [await connectedPage(t, url, "ada"), await connectedPage(t, url, "bob")];
    await join(ada, "blue");
    await untilTold(ada, "error", "you are no member of blue");
    await join(ada, "red");
    await join(bob, "blue");
    // What is sent in order is done in order.
    await join(ada, "unknown");
    await untilTold(ada, "error", "you are no member of unknown");
    await join(bob, "unknown");
    await untilTold(bob, "error", "you are no member of unknown");
    const { job_id } = await startJob(url, "red", 10);
    await untilTold(ada, "agent_status", "success");
    const told = await ada.evaluate(() => window.told);
    const life = told
      .filter(([, payload]) => payload.job_id === job_id)
      .map(([event, { status, progress }]) => [event, status ?? progress]);
    assert.deepEqual(life, [
      ["agent_status", "queued"],
      ["agent_status", "running"],
      ["agent_progress", 10],
      ["agent_progress", 100],
      ["agent_status", "success"],
    ]);
    await startJob(url, "blue", 1);
    await untilTold(bob, "agent_status", "success");
    const bobs = await bob.evaluate(() => window.told);
    assert.ok(bobs.every(([, payload]) => payload.job_id !== job_id));
  },
);

test("is in its project again when the connection was lost", limit, async (t) => {
  const url = await startPython(t, "agents", "0");
  const page = await connectedPage(t, url, "ada");
  await page.evaluate(() => {
    const { client, kit } = window;
    const project = { project_id: "red" };
    client.onConnected(() => client.emit("subscribe_project", project));
    client.emit("subscribe_project", project);
    window.away = kit.until(client, "waiting");
  });
  await ask("POST", `${url}/api/agents/cut`, {});
  await page.evaluate(async () => {
    await window.away;
    await window.kit.until(window.client, "connected");
  });
  await join(page, "unknown");
  await untilTold(page, "error", "you are no member of unknown");
  await startJob(url, "red", 2);
  await untilTold(page, "agent_status", "success");
});

test("follows a job, on each connection anew", limit, async (t) => {
  const url = await startPython(t, "agents", "0");
  const page = await connectedPage(t, url, "ada");
  for (const job_id of ["first", "second"]) {
    await follow(page, job_id, "projectJobs", "red");
    // What is sent in order is done in order: the server has the subscription, too.
    await join(page, job_id);
    await untilTold(page, "error", `you are no member of ${job_id}`);
    await ask("POST", `${url}/api/agents/jobs`, { project_id: "red", job_id, steps: 2 });
    const { status, result } = await page.evaluate(() => window.ended);
    assert.deepEqual([status, result], ["succeeded", { steps: 2 }]);
    const states = await page.evaluate(() => window.states);
    const life = states.filter(({ status }) => status === "queued" || status === "running");
    assert.deepEqual(
      life.map(({ status, progress, isCurrent }) => [status, progress, isCurrent]),
      [
        ["queued", undefined, true],
        ["running", undefined, true],
        ["running", 50, true],
        ["running", 100, true],
      ],
    );
    await page.evaluate(() => {
      window.client.disconnect();
      return window.client.connect();
    });
  }
});

test("is refused with a token that is not the user's", limit, async (t) => {
  const url = await startPython(t, "agents", "0");
  const page = await openPage(t);
  const refused = await page.evaluate((url) => {
    const client = window.kit.makeClient(url, { query: { token: "ada:forged" } });
    return window.kit.outcome(client.connect());
  }, url);
  assertFailure(refused, "connect_refused");
  assert.match(JSON.stringify(refused.data), /unauthorized/);
});
