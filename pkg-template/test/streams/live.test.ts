import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { buffer, latest, live, type LiveOptions, type LiveState } from "../../src/index.js";
import { Observable } from "../../src/observable.js";
import { dice } from "../support/dice.js";
import { errorData, type FakeCore } from "../support/fakeCore.js";
import { connected, idle, recorder, sockeyeError, turn } from "../support/setUp.js";

type Numbers = readonly number[];
const added = (state: Numbers, number: number): Numbers => [...state, number];

/** A server that answers when the test says so. */
function fetcher<Value>() {
  const calls: { signal: AbortSignal; answer: (value: Value) => Promise<void> }[] = [];
  const fails: ((error: Error) => Promise<void>)[] = [];
  const fetch = (signal: AbortSignal) =>
    new Promise<Value>((resolve, reject) => {
      const settle = (run: () => void) => (run(), turn());
      calls.push({ signal, answer: (value) => settle(() => resolve(value)) });
      fails.push((error) => settle(() => reject(error)));
    });
  return { calls, fails, fetch };
}

let connections = 1;
const lose = (core: FakeCore) => core.says("waiting", { attempt: 1, cause: "transport_close" });
/** Another connection, which continues the one before or does not. */
async function comeBack(core: FakeCore, kind: "gap" | "resumed" = "gap") {
  core.says("connecting", { attempt: 1 });
  core.events.continuity(0, { kind, connection: (connections += 1), isLate: false });
  if (kind === "gap") core.events.gapHookNeeded(0, connections);
  core.says("connected");
  await turn();
}

/** A state that is followed on a client that is connected. */
async function following(options?: LiveOptions<Numbers, number>) {
  const setting = await connected<{ added: (number: number) => void }>();
  const server = fetcher<Numbers>();
  const state = live(setting.client, server.fetch, "added", added, options);
  const told = recorder<LiveState<Numbers>>();
  const subscription = state.subscribe(told);
  await turn();
  return { ...setting, ...server, state, told, subscription, last: () => told.values.at(-1) };
}

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

describe("live", () => {
  test("fetches first, and merges each update into the latest state", async () => {
    const { core, calls, last, told } = await following();
    expect(last()).toEqual({ state: "loading", value: undefined, error: undefined });
    await calls[0]?.answer([1]);
    expect(last()).toEqual({ state: "live", value: [1], error: undefined });
    core.delivers("added", [2]);
    core.delivers("added", [3]);
    expect(told.values.map(({ value }) => value)).toEqual([undefined, [1], [1, 2], [1, 2, 3]]);
    expect(calls).toHaveLength(1);
  });

  test("merges what comes while it fetches when that is there", async () => {
    const { core, calls, last } = await following();
    core.delivers("added", [2]);
    core.delivers("added", [3]);
    expect(last()?.value).toBeUndefined();
    await calls[0]?.answer([1]);
    expect(last()).toMatchObject({ state: "live", value: [1, 2, 3] });
  });

  test("leaves out what is not newer, where it can be told", async () => {
    const isNewer = (number: number, state: Numbers) => !state.includes(number);
    const { core, calls, last } = await following({ isNewer });
    core.delivers("added", [1]);
    core.delivers("added", [2]);
    await calls[0]?.answer([1]);
    core.delivers("added", [2]);
    expect(last()?.value).toEqual([1, 2]);
  });

  test("fetches again after a gap, shows the old state meanwhile, and forgets it then", async () => {
    const { core, calls, last } = await following();
    await calls[0]?.answer([1]);
    lose(core);
    expect(last()?.state).toBe("stale");
    await comeBack(core);
    expect(calls).toHaveLength(2);
    expect(last()).toMatchObject({ state: "stale", value: [1] });
    core.delivers("added", [9]);
    expect(last()).toMatchObject({ state: "stale", value: [1, 9] });
    await calls[1]?.answer([1, 5]);
    expect(last()).toMatchObject({ state: "live", value: [1, 5, 9] });
  });

  test("does not fetch after a connection that continues the one before", async () => {
    const { core, calls, last } = await following();
    await calls[0]?.answer([1]);
    lose(core);
    expect(last()).toMatchObject({ state: "stale", value: [1] });
    await comeBack(core, "resumed");
    expect(calls).toHaveLength(1);
    expect(last()).toMatchObject({ state: "live", value: [1] });
  });

  test("is stale when it was fetched while the connection was lost, until that is resumed", async () => {
    const { core, calls, last } = await following();
    lose(core);
    await calls[0]?.answer([1]);
    expect(last()).toMatchObject({ state: "stale", value: [1] });
    await comeBack(core, "resumed");
    expect(last()).toMatchObject({ state: "live", value: [1] });
    expect(calls).toHaveLength(1);
  });

  test("is stale after disconnect(), and fetches with the next connection", async () => {
    const { client, core, calls, last } = await following();
    await calls[0]?.answer([1]);
    client.disconnect();
    core.says("disconnected", { cause: "client_disconnect" });
    expect(last()).toMatchObject({ state: "stale", value: [1] });
    void client.connect();
    await comeBack(core);
    await calls[1]?.answer([2]);
    expect(last()).toMatchObject({ state: "live", value: [2] });
  });

  test("forgets what another user has seen, and what is being fetched for that one", async () => {
    const { client, core, calls, last } = await following();
    await calls[0]?.answer([1]);
    client.setIdentity("bob");
    expect(last()).toEqual({ state: "loading", value: undefined, error: undefined });
    core.says("waiting", { attempt: 1, cause: "transport_close" });
    await comeBack(core);
    client.setIdentity("carol");
    await calls[1]?.answer([2]);
    expect(calls[1]?.signal.aborted).toBe(true);
    expect(last()?.value).toBeUndefined();
    await comeBack(core);
    await calls.at(-1)?.answer([3]);
    expect(last()).toMatchObject({ state: "live", value: [3] });
  });

  test("forgets what another user has seen also while nobody watches", async () => {
    const { client, calls, state, subscription } = await following();
    await calls[0]?.answer([1]);
    subscription.unsubscribe();
    client.setIdentity("bob");
    const told = recorder<LiveState<Numbers>>();
    state.subscribe(told);
    const shown = new Set(told.values.map(({ state, value }) => `${state} ${String(value)}`));
    expect([...shown]).toEqual(["loading undefined"]);
  });

  test("keeps nothing when its source ends while it is subscribed to", async () => {
    const { client, core } = await connected();
    const { calls, fetch } = fetcher<Numbers>();
    const broken = new Observable<number>((observer) => {
      observer.error?.(new Error("no"));
      return () => {};
    });
    const topic = client.topic({ join: ["join", 1] });
    const told = recorder<LiveState<Numbers>>();
    live(client, fetch, broken, added, { topic }).subscribe(told);
    await turn();
    expect(told.values.at(-1)).toMatchObject({ state: "failed" });
    expect(told.ends).toEqual(["complete"]);
    expect(core.callsOf("retainTopic")).toEqual([]);
    expect(core.callsOf("setHooks")).toEqual([]);
    expect([calls.length, vi.getTimerCount()]).toEqual([0, 0]);
  });

  test("merges no batch from before a gap over what was fetched after it", async () => {
    const { client, core } = await connected<{ set: (number: number) => void }>();
    const { calls, fetch } = fetcher<number>();
    const newest = buffer(latest(client.on("set"), { every: 50 }), { every: 50 });
    const state = live(client, fetch, newest, (_, batch) => batch.at(-1) ?? 0);
    state.subscribe({});
    await turn();
    await calls[0]?.answer(1);
    core.delivers("set", [2]);
    lose(core);
    await comeBack(core);
    expect(state.value).toMatchObject({ state: "stale", value: 2 });
    await calls[1]?.answer(3);
    await vi.advanceTimersByTimeAsync(200);
    expect(state.value).toMatchObject({ state: "live", value: 3 });
  });

  test("fetches again after a gap that is found while the connection is live", async () => {
    const { core, calls } = await following();
    await calls[0]?.answer([1]);
    core.events.continuity(0, { kind: "gap", connection: 1, isLate: true });
    core.events.gapHookNeeded(0, 7);
    await turn();
    expect(calls).toHaveLength(2);
  });

  test("gives up what it is fetching when there is a gap, and fetches once", async () => {
    const { core, calls, last } = await following();
    lose(core);
    await comeBack(core);
    expect(calls).toHaveLength(2);
    expect(calls[0]?.signal.aborted).toBe(true);
    await calls[0]?.answer([1]);
    expect(last()?.state).toBe("loading");
    await calls[1]?.answer([2]);
    expect(last()).toMatchObject({ state: "live", value: [2] });
  });

  test("fetches once for all subscribers, and aborts when the last one leaves", async () => {
    const { client, core, calls, state, subscription } = await following();
    const other = state.subscribe({});
    await turn();
    expect(calls).toHaveLength(1);
    subscription.unsubscribe();
    expect(calls[0]?.signal.aborted).toBe(false);
    other.unsubscribe();
    expect(calls[0]?.signal.aborted).toBe(true);
    expect(core.names.has("added")).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
    expect(client.status.value.state).toBe("connected");
  });

  test("fetches once when its only subscriber leaves and comes back in one go", async () => {
    const { client } = await connected<{ added: (number: number) => void }>();
    const { calls, fetch } = fetcher<Numbers>();
    const state = live(client, fetch, "added", added);
    state.subscribe({}).unsubscribe();
    state.subscribe({});
    await turn();
    expect(calls).toHaveLength(1);
  });

  test("has its last state, as stale, for who comes later, and fetches anew", async () => {
    const { calls, state, subscription } = await following();
    await calls[0]?.answer([1]);
    subscription.unsubscribe();
    expect(state.value).toMatchObject({ state: "stale", value: [1] });
    const told = recorder<LiveState<Numbers>>();
    state.subscribe(told);
    await turn();
    await calls[1]?.answer([1, 2]);
    expect(told.values.map((one) => one.state)).toEqual(["stale", "live"]);
  });

  test("tries again what fails, later each time, and says why", async () => {
    const { calls, fails, last } = await following({ retryMs: (attempt) => attempt * 1_000 });
    const cause = new Error("no");
    await fails[0]?.(cause);
    expect(last()).toEqual({
      ...{ state: "failed", value: undefined },
      error: sockeyeError("fetch_failed", { cause }),
    });
    await vi.advanceTimersByTimeAsync(1_000);
    await fails[1]?.(cause);
    await vi.advanceTimersByTimeAsync(1_999);
    expect(calls).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1);
    await calls[2]?.answer([1]);
    expect(last()).toEqual({ state: "live", value: [1], error: undefined });
  });

  test("waits for the next connection where it is not to try again", async () => {
    const { core, calls, fails } = await following({ retryMs: () => undefined });
    await fails[0]?.(new Error("no"));
    expect(vi.getTimerCount()).toBe(0);
    lose(core);
    await comeBack(core);
    expect(calls).toHaveLength(2);
  });

  test("tries again within 30 s by itself, and not at all when nobody is there", async () => {
    const { calls, fails, subscription } = await following();
    for (let attempt = 0; attempt < 12; attempt += 1) {
      await fails[attempt]?.(new Error("no"));
      await vi.advanceTimersByTimeAsync(30_000);
      expect(calls).toHaveLength(attempt + 2);
    }
    await fails[12]?.(new Error("no"));
    subscription.unsubscribe();
    expect(vi.getTimerCount()).toBe(0);
  });

  test("fetches when the client is connected, if that does not take long", async () => {
    const { client, loader } = idle<{ added: (number: number) => void }>();
    const { calls, fetch } = fetcher<Numbers>();
    live(client, fetch, "added", added).subscribe({});
    void client.connect();
    const core = await loader.succeed();
    await turn();
    expect(calls).toHaveLength(0);
    core.events.continuity(0, { kind: "fresh", connection: 1, isLate: false });
    core.says("connected");
    await turn();
    expect(calls).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("fetches without a connection after a while, and again when there is one", async () => {
    const { client, loader } = idle<{ added: (number: number) => void }>();
    const { calls, fetch } = fetcher<Numbers>();
    const state = live(client, fetch, "added", added);
    state.subscribe({});
    void client.connect();
    const core = await loader.succeed();
    await vi.advanceTimersByTimeAsync(1_000);
    await calls[0]?.answer([1]);
    expect(state.value).toMatchObject({ state: "stale", value: [1] });
    core.events.continuity(0, { kind: "fresh", connection: 1, isLate: false });
    core.says("connected");
    await turn();
    await calls[1]?.answer([1, 2]);
    expect(state.value).toMatchObject({ state: "live", value: [1, 2] });
    expect(calls).toHaveLength(2);
  });

  test("fetches at once when the first attempt to connect has failed", async () => {
    const { client, loader } = idle<{ added: (number: number) => void }>();
    const { calls, fetch } = fetcher<Numbers>();
    live(client, fetch, "added", added).subscribe({});
    client.connect().catch(() => {});
    const core = await loader.succeed();
    core.says("waiting", { attempt: 1, cause: "server_unreachable" });
    await turn();
    expect(calls).toHaveLength(1);
  });

  test("joins its topic, fetches when that is live, and leaves it", async () => {
    const { client, core } = await connected();
    const { calls, fetch } = fetcher<Numbers>();
    const topic = client.topic({ join: ["join", 1] });
    const joins = (state: "joining" | "live" | "failed") => {
      const error = state === "failed" ? errorData("ack_timeout") : undefined;
      core.events.topic(0, topic.key, state, error, []);
      return turn();
    };
    const subscription = live(client, fetch, "added", added, { topic }).subscribe({});
    await joins("joining");
    expect(calls).toHaveLength(0);
    await joins("live");
    await calls[0]?.answer([1]);
    expect(calls).toHaveLength(1);
    await joins("failed");
    await joins("live");
    expect(calls).toHaveLength(2);
    subscription.unsubscribe();
    expect(core.callsOf("releaseTopic")).toHaveLength(1);
  });

  test("fails rather than keep more than 10,000 updates, and tries again", async () => {
    const { core, calls, last } = await following({ retryMs: () => 5 });
    for (let number = 0; number <= 10_000; number += 1) core.delivers("added", [number]);
    expect(last()).toMatchObject({ state: "failed", error: sockeyeError("buffer_full") });
    expect(calls[0]?.signal.aborted).toBe(true);
    await vi.advanceTimersByTimeAsync(5);
    await calls[1]?.answer([1]);
    expect(last()).toMatchObject({ state: "live", value: [1] });
  });

  test("goes on after an update that cannot be merged, and reports it", async () => {
    const { client, core } = await connected();
    const uncaught = vi.fn();
    vi.stubGlobal("queueMicrotask", (run: () => void) => {
      void Promise.resolve().then(run).catch(uncaught);
    });
    const merge = (state: Numbers, number: number) => {
      if (number === 2) throw new Error("not two");
      return added(state, number);
    };
    const state = live(client, () => [], "added", merge);
    state.subscribe({});
    await turn();
    for (const number of [1, 2, 3]) core.delivers("added", [number]);
    await turn();
    expect(state.value.value).toEqual([1, 3]);
    expect(uncaught.mock.calls).toEqual([[new Error("not two")]]);
  });

  test("takes updates from any stream", async () => {
    const { client, core } = await connected<{ added: (number: number) => void }>();
    const batches = buffer(client.on("added"), { every: 50 });
    const state = live(client, (): Numbers => [], batches, (all, some) => [...all, ...some]); // prettier-ignore
    state.subscribe({});
    await turn();
    for (const number of [1, 2, 3]) core.delivers("added", [number]);
    expect(state.value.value).toEqual([]);
    vi.advanceTimersByTime(50);
    expect(state.value.value).toEqual([1, 2, 3]);
  });

  test("completes with the client, and leaves nothing", async () => {
    const { client, calls, told } = await following();
    await calls[0]?.answer([1]);
    await client.destroy();
    expect(told.ends).toEqual(["complete"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("loses and doubles nothing, however updates, answers, gaps and failures interleave", async () => {
    for (let seed = 0; seed < 250; seed += 1) await liveThrough(seed);
  }, 60_000);
});

/** One random life; the server counts, and tells what it counts to who is connected. */
async function liveThrough(seed: number): Promise<void> {
  const roll = dice(seed);
  const { client, core } = await connected<{ added: (number: number) => void }>();
  const { calls, fails, fetch } = fetcher<Numbers>();
  const isNewer = (number: number, state: Numbers) => number > (state.at(-1) ?? 0);
  const options = { isNewer, retryMs: () => 1 };
  const state = live(client, fetch, "added", added, options);
  let [count, isOn, answered] = [0, true, 0];
  state.subscribe(({ value = [] }) => {
    expect([...new Set(value)], `seed ${seed}`).toEqual(value);
  });
  const server = () => Array.from({ length: count }, (_, index) => index + 1);
  const moves: (() => unknown)[] = [
    () => {
      count += 1;
      if (isOn) core.delivers("added", [count]);
    },
    async () => {
      if (answered >= calls.length) return;
      const answer = answered++;
      await (roll(4) === 0 ? fails[answer]?.(new Error("no")) : calls[answer]?.answer(server()));
    },
    () => {
      if (isOn) lose(core);
      isOn = false;
    },
    async () => {
      if (!isOn) await comeBack(core);
      isOn = true;
    },
    () => vi.advanceTimersByTimeAsync(roll(3)),
  ];
  for (let step = 0; step < 40; step += 1)
    await moves[[0, 0, 0, 1, 1, 2, 3, 3, 4][roll(9)] ?? 0]?.();
  if (!isOn) await comeBack(core);
  for (let round = 0; state.value.state !== "live" && round < 100; round += 1) {
    await vi.advanceTimersByTimeAsync(1);
    await turn();
    await calls.at(-1)?.answer(server());
  }
  count += 1;
  core.delivers("added", [count]);
  expect(state.value, `seed ${seed}`).toEqual({ state: "live", value: server(), error: undefined });
  await client.destroy();
}
