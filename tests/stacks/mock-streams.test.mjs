/** What makes more of a client's streams, with the back ends as the mock server plays them. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startMock } from "../browser/support/mock.mjs";
import { follow, untilState, usePage } from "./stack.mjs";

const limit = { timeout: 30_000 };
const openPage = usePage();
let mock;
before(async () => (mock = await startMock({ args: ["--rate", "0"] })));
after(() => mock.stop());

/** A page with a connected `window.client`, and `window.connect` for more. */
async function connectedPage(t, contract, options = {}) {
  const page = await openPage(t);
  await page.evaluate(
    async ([url, common]) => {
      window.connect = async (options) => {
        const client = window.kit.makeClient(url, { ...common, ...options });
        await client.connect();
        return client;
      };
      window.client = await window.connect();
    },
    [mock.url, { path: `/${contract}/socket.io`, ...options }],
  );
  return page;
}

const tokenOf = async (userId) => (await mock.post("/realtime/api/tokens", { userId })).token;

/** Resolves when the client is back. */
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

test("primes: a job is followed to its end, another one over a cut", limit, async (t) => {
  const page = await connectedPage(t, "primes");
  // Who is in the room already misses nothing that a job says after its id is known.
  await follow(page, "none", "roomJobs");
  await untilState(page, "isCurrent", true);
  const { jobId } = await mock.post("/primes/api/job/next", { fail: false });
  await follow(page, jobId, "roomJobs");
  const { id, status, result } = await page.evaluate(() => window.ended);
  assert.deepEqual([id, status, result], [jobId, "succeeded", 0]);

  const tell = (eventType, more) =>
    mock.post("/primes/api/subscribe/test", { eventType, data: { jobId: "other", ...more } });
  await follow(page, "other", "roomJobs");
  await untilState(page, "isCurrent", true);
  await tell("job_started");
  await untilState(page, "status", "running");
  await page.evaluate(async () => {
    const { roomJobs } = await import("/sockeye/index.js");
    window.topic = window.client.topic(roomJobs.topic("other"));
    window.topic.retain();
  });
  await cut(page, "primes");
  await page.evaluate(() => window.topic.ready);
  await tell("job_failed", { exitCode: 137, error: "out of memory" });
  const ended = await page.evaluate(() => window.ended);
  assert.deepEqual([ended.status, ended.error], ["failed", "out of memory"]);
});

test("craft: a resource is current, again after a cut", limit, async (t) => {
  const page = await connectedPage(t, "craft", { withCredentials: true });
  const resource = `${mock.url}/craft/api/resource/tank`;
  const change = (changes) =>
    fetch(resource, {
      method: "PATCH",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(changes),
    });
  await change({ title: "before", level: 0 });
  await page.evaluate(async (resource) => {
    const { live } = await import("/sockeye/index.js");
    const load = async (signal) => (await fetch(resource, { signal })).json();
    const merge = (state, changes) => ({ ...state, ...changes });
    live(window.client, load, "resource:tank", merge).subscribe((told) => (window.told = told));
  }, resource);
  const untilLive = (expected) =>
    page.waitForFunction(([title, level]) => {
      const { state, value } = window.told ?? {};
      return state === "live" && value.title === title && value.level === level;
    }, expected);
  await untilLive(["before", 0]);
  for (const level of [1, 2]) {
    await change({ level });
    await untilLive(["before", level]);
    await cut(page, "craft");
  }
  await change({ title: "after" });
  await untilLive(["after", 2]);
});

test("realtime: a model's words are put together, and cancelled", limit, async (t) => {
  const token = await tokenOf("ada");
  const page = await connectedPage(t, "realtime", { auth: { token } });
  const got = await page.evaluate(async () => {
    const { chunks } = await import("/sockeye/index.js");
    const { client } = window;
    const say = async (jobId, onChunk = () => undefined) => {
      const spoken = chunks(client, "model:chunk:v1", {
        match: (part) => part.jobId === jobId,
        end: "model:complete:v1",
        cancel: ["task:cancel:v1", { taskId: jobId }],
      });
      const parts = [];
      const ended = new Promise((resolve) => {
        spoken.subscribe({
          next: (part) => onChunk(parts.push(part), spoken),
          complete: () => resolve(parts),
        });
      });
      await client.request("search:start:v1", { query: "salmon", jobId });
      return ended;
    };
    const whole = await say("whole");
    const cancelling = Promise.withResolvers();
    const cut = await say("cut", (count, spoken) => {
      if (count === 1) cancelling.resolve(spoken.cancel());
    });
    return { whole, cut, cancelled: await cancelling.promise };
  });
  const words = got.whole.filter(({ kind }) => kind === "chunk").map(({ value }) => value);
  assert.ok(words.length > 1);
  const { kind, value } = got.whole.at(-1);
  assert.deepEqual([kind, value.text], ["end", words.join("")]);
  assert.equal(got.cancelled, true);
  assert.ok(got.cut.every((part) => part.kind === "chunk"));
  assert.ok(got.cut.length < words.length, `${got.cut.length} of ${words.length}`);
});

test("realtime: who is there is a map", limit, async (t) => {
  const [ada, bob] = await Promise.all(["ada", "bob"].map(tokenOf));
  const page = await connectedPage(t, "realtime", { auth: { token: ada } });
  const maps = await page.evaluate(async (token) => {
    const { presence } = await import("/sockeye/index.js");
    const maps = [];
    const looks = [];
    presence(window.client, {
      events: {
        "user:presence:v1": ({ userId, status }) =>
          status === "offline" ? { left: [userId] } : { joined: [[userId, status]] },
      },
    }).subscribe(({ value }) => {
      maps.push(value?.get("bob") ?? "away");
      looks.splice(0).forEach((look) => look());
    });
    const until = async (status) => {
      while (maps.at(-1) !== status) await new Promise((look) => looks.push(look));
    };
    const other = await window.connect({ auth: { token } });
    await until("online");
    await other.destroy();
    await until("away");
    return maps;
  }, bob);
  assert.deepEqual(maps.slice(-2), ["online", "away"]);
});
