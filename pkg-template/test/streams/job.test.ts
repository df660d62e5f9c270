import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  job,
  type JobDialect,
  type JobState,
  type JobUpdate,
  nestJobs,
  projectJobs,
  roomJobs,
} from "../../src/index.js";
import type { FakeCore } from "../support/fakeCore.js";
import { connected, recorder, sockeyeError, turn } from "../support/setUp.js";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

async function following(dialect: JobDialect<never> | JobDialect | JobDialect<number>) {
  const setting = await connected();
  const state = job(setting.client, "7", dialect as JobDialect);
  const told = recorder<JobState>();
  const subscription = state.subscribe(told);
  const [retained] = setting.core.callsOf("retainTopic");
  if (retained) setting.core.events.topic(0, retained[1], "live", undefined, []);
  await turn();
  const brief = () => told.values.map(({ status, progress }) => `${status} ${progress ?? ""}`);
  return { ...setting, state, told, subscription, retained, brief, last: () => told.values.at(-1) };
}

async function gap(core: FakeCore, connection: number) {
  core.says("waiting", { attempt: 1, cause: "transport_close" });
  core.events.continuity(0, { kind: "gap", connection, isLate: false });
  core.events.gapHookNeeded(0, connection);
  core.says("connected");
  await turn();
}

const at = (second: number) => `2026-01-01T00:00:0${second}.000Z`;

describe("a job in the room of all jobs", () => {
  test("is followed from its start to its end", async () => {
    const { core, told, retained, brief, last } = await following(roomJobs);
    expect(retained?.slice(2, 4)).toEqual(['["subscribe:jobs"]', '["unsubscribe:jobs"]']);
    core.delivers("job:started", [{ jobId: "7", pid: 1, timestamp: at(1) }]);
    core.delivers("job:completed", [{ jobId: "8", exitCode: 1, timestamp: at(2) }]);
    core.delivers("job:completed", [{ jobId: "7", exitCode: 0, timestamp: at(2) }]);
    expect(brief()).toEqual(["unknown ", "unknown ", "running ", "succeeded "]);
    expect(last()).toMatchObject({ id: "7", result: 0, at: at(2), isCurrent: true });
    expect(told.ends).toEqual(["complete"]);
    expect([...core.names.keys()]).toEqual([]);
    expect(core.callsOf("releaseTopic")).toHaveLength(1);
  });

  test("is confirmed by the event of its type", () => {
    const { topic } = roomJobs;
    const match = topic?.("7").confirm?.match as (told: object) => boolean;
    expect(match({ type: "jobs", subscribed: true })).toBe(true);
    expect(match({ type: "batches", subscribed: true })).toBe(false);
    expect(match({ type: "jobs", subscribed: false })).toBe(false);
  });

  test("says why it failed, for those, too, who come when it is over", async () => {
    const { core, state } = await following(roomJobs);
    core.delivers("job:failed", [{ jobId: "7", exitCode: 2, error: "no", timestamp: at(1) }]);
    const late = recorder<JobState>();
    state.subscribe(late);
    expect(late.values).toMatchObject([{ status: "failed", error: "no", isCurrent: true }]);
    expect(late.ends).toEqual(["complete"]);
  });

  test("is not current without a connection, and is again when nothing was missed", async () => {
    const { core, last } = await following(roomJobs);
    core.says("waiting", { attempt: 1, cause: "transport_close" });
    expect(last()?.isCurrent).toBe(false);
    core.says("connecting", { attempt: 1 });
    core.events.continuity(0, { kind: "resumed", connection: 2, isLate: false });
    core.says("connected");
    expect(last()?.isCurrent).toBe(true);
  });

  test("is not current after a gap until the server speaks of it", async () => {
    const { core, last } = await following(roomJobs);
    expect(last()?.isCurrent).toBe(true);
    await gap(core, 2);
    expect(last()?.isCurrent).toBe(false);
    core.delivers("job:started", [{ jobId: "8", pid: 1, timestamp: at(1) }]);
    expect(last()?.isCurrent).toBe(false);
    core.delivers("job:started", [{ jobId: "7", pid: 1, timestamp: at(1) }]);
    expect(last()).toMatchObject({ isCurrent: true, status: "running" });
  });
});

describe("a job of a project", () => {
  const sent = (core: FakeCore) => core.callsOf("emit").map(([, body]) => body);
  const join = '["subscribe_project",{"project_id":"p"}]';
  const leave = '["unsubscribe_project",{"project_id":"p"}]';

  test("joins at a server that confirms nothing, and is current", async () => {
    const { core, retained, last } = await following(projectJobs("p"));
    expect(retained).toBeUndefined();
    expect(sent(core)).toEqual([join]);
    expect(last()).toMatchObject({ status: "unknown", isCurrent: true });
  });

  test("joins on the next connection before that is live, and then not again", async () => {
    const { core, subscription } = await following(projectJobs("p"));
    core.calls.length = 0;
    core.says("waiting", { attempt: 1, cause: "transport_close" });
    core.says("connecting", { attempt: 1 });
    core.events.prologueNeeded(0, 3);
    await turn();
    const first = core.callsOf("emitFirst").map(([, , body]) => body);
    expect(first).toEqual([join]);
    core.says("connected");
    await turn();
    expect(sent(core)).toEqual([]);
    subscription.unsubscribe();
    expect(sent(core)).toEqual([leave]);
  });

  test("is left with the last of the project's jobs, and not while there is no connection", async () => {
    const { client, core, subscription } = await following(projectJobs("p"));
    const other = job(client, "8", projectJobs("p")).subscribe({});
    expect(sent(core)).toEqual([join]);
    subscription.unsubscribe();
    expect(sent(core)).toEqual([join]);
    core.says("waiting", { attempt: 1, cause: "transport_close" });
    other.unsubscribe();
    expect(sent(core)).toEqual([join]);
  });

  test("has its status, progress and result", async () => {
    const { core, brief, last } = await following(projectJobs("p"));
    const status = (status: string, second: number, more = {}) =>
      core.delivers("agent_status", [
        { ...{ job_id: "7", status, timestamp: at(second), event: "status_change" }, ...more },
      ]);
    status("queued", 1, { result: null, error: null });
    status("running", 2, { result: null, error: null });
    const progress = { job_id: "7", progress: 40, timestamp: at(3), message: "reading" };
    core.delivers("agent_progress", [progress]);
    expect(last()).toMatchObject({ status: "running", progress: 40, message: "reading" });
    status("success", 4, { result: { pages: 3 }, error: null });
    expect(last()).toMatchObject({ status: "succeeded", result: { pages: 3 }, error: undefined });
    expect(brief().slice(-4)).toEqual(["queued ", "running ", "running 40", "succeeded 40"]);
  });
});

describe("a job with a history", () => {
  /** A server whose history is answered when the test says so. */
  function withHistory() {
    const asked: { url: string; answer: (body: unknown, status?: number) => Promise<void> }[] = [];
    const fetch = (url: string) =>
      new Promise<Response>((resolve) => {
        const answer = (body: unknown, status = 200) => {
          resolve(new Response(JSON.stringify(body), { status }));
          return turn();
        };
        asked.push({ url, answer });
      });
    return { asked, dialect: nestJobs({ url: "/api/jobs", fetch }) };
  }
  const progress = (progress: number, second: number) => ({
    ...{ jobId: "7", status: "in_progress", progress, timestamp: at(second) },
  });
  const history = (...payloads: object[]) => ({
    jobId: "7",
    updates: payloads.map((payload) => ({ event: "job:update", payload })),
  });

  test("has that first, then what came meanwhile, in one go", async () => {
    const { asked, dialect } = withHistory();
    const { core, told, retained, brief } = await following(dialect);
    expect(retained?.[2]).toBe('["subscribe:jobs",{"jobId":"7"}]');
    expect(asked.map(({ url }) => url)).toEqual(["/api/jobs/7/history"]);
    core.delivers("job:progress", [progress(30, 3)]);
    expect(brief()).toEqual(["unknown "]);
    await asked[0]?.answer(history(progress(10, 1), progress(20, 2)));
    expect(brief()).toEqual(["unknown ", "running 30"]);
    core.delivers("job:completed", [
      { ...{ jobId: "7", status: "completed", result: [1], timestamp: at(4) } },
    ]);
    expect(told.values.at(-1)).toMatchObject({ status: "succeeded", result: [1] });
    expect(told.ends).toEqual(["complete"]);
  });

  test("does not go back where the history is newer than what came meanwhile", async () => {
    const { asked, dialect } = withHistory();
    const { core, brief } = await following(dialect);
    core.delivers("job:progress", [progress(20, 2)]);
    await asked[0]?.answer(history(progress(10, 1), progress(20, 2), progress(30, 3)));
    expect(brief().at(-1)).toBe("running 30");
  });

  test("tells older from newer, however the time is written", async () => {
    const { asked, dialect } = withHistory();
    const { core, last } = await following(dialect);
    await asked[0]?.answer(history(progress(20, 2)));
    const told = (progress: number, timestamp: string) =>
      core.delivers("job:progress", [{ jobId: "7", progress, timestamp }]);
    told(10, "2026-01-01T01:00:01.000+01:00");
    expect(last()?.progress).toBe(20);
    told(30, "2025-12-31T23:00:03.000-01:00");
    expect(last()?.progress).toBe(30);
  });

  test("is asked for it again after a gap, and has ended if it says so", async () => {
    const { asked, dialect } = withHistory();
    const { core, told, last } = await following(dialect);
    await asked[0]?.answer(history(progress(10, 1)));
    await gap(core, 2);
    expect(asked).toHaveLength(2);
    expect(last()).toMatchObject({ status: "running", progress: 10, isCurrent: false });
    const failed = { jobId: "7", status: "failed", error: "no disk", timestamp: at(5) };
    await asked[1]?.answer(history(progress(10, 1), failed));
    expect(last()).toMatchObject({ status: "failed", error: "no disk", isCurrent: true });
    expect(told.ends).toEqual(["complete"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("goes on with what comes while the history cannot be had, and asks again", async () => {
    const { asked, dialect } = withHistory();
    const { core, last } = await following(dialect);
    core.delivers("job:progress", [progress(20, 2)]);
    await asked[0]?.answer({}, 503);
    const cause = sockeyeError("http_error");
    expect(last()).toMatchObject({
      ...{ status: "running", progress: 20, isCurrent: false },
      fetchError: sockeyeError("fetch_failed", { cause }),
    });
    await vi.advanceTimersByTimeAsync(1_000);
    await asked[1]?.answer(history(progress(20, 2)));
    expect(last()).toMatchObject({ progress: 20, isCurrent: true, fetchError: undefined });
  });

  test("has the words of other servers", () => {
    const read = nestJobs().events["job:update"] as unknown as (value: object) => JobUpdate;
    const words = ["pending", "active", "cancelled", undefined];
    expect(words.map((status) => read({ jobId: "7", status }).status)).toEqual([
      ...["queued", "running", "cancelled", undefined],
    ]);
  });
});

test("a dialect of one's own is a topic, events and a history", async () => {
  const history = vi.fn(() => [{ jobId: "7", progress: 1 }]);
  const { core, last } = await following({
    events: { task: ([jobId, progress]: [string, number]) => ({ jobId, progress }) },
    history,
  });
  expect(last()).toMatchObject({ status: "running", progress: 1 });
  core.delivers("task", ["7", 2]);
  expect(last()?.progress).toBe(2);
  expect(history).toHaveBeenCalledTimes(1);
});
