import { afterEach, expect, test, vi } from "vitest";
import type { Metrics } from "../src/metrics.js";
import { connected, idle, sockeyeError, turn } from "./support/setUp.js";

afterEach(() => void vi.useRealTimers());

const nothing: Metrics = {
  roundTrip: { lastMs: undefined, smoothedMs: undefined, probeMs: undefined },
  reconnections: {},
  outbox: { depth: 0, oldestMs: undefined },
  duplicates: 0,
  vetoed: 0,
  received: { events: 0, bytes: 0 },
  sent: { events: 0, bytes: 0 },
  errors: {},
};

/** From the first use of them on metrics are counted. */
const count = (client: { readonly metrics: unknown }) => client.metrics;

test("are all zero at first, also without a core", async () => {
  expect(idle().client.metrics.value).toEqual(nothing);
  const { client } = await connected();
  expect(client.metrics.value).toEqual(nothing);
  expect(client.metrics).toBe(client.metrics);
});

test("count what passes, in all namespaces", async () => {
  const { client, core } = await connected();
  count(client);
  const other = client.namespace("/other");
  other.on("in").subscribe(() => {});
  client.emit("out");
  void client.request("out");
  other.enqueue("out");
  core.delivers("in", [], { socket: 1 });
  core.answers(0);
  await turn();
  const { sent, received } = client.metrics.value;
  expect([sent.events, received.events]).toEqual([3, 2]);
});

test("have bytes counted from their first use on, or from when there is a core", async () => {
  const { core, client } = await connected();
  expect(core.counted).toBeUndefined();
  count(client);
  expect(core.counted).toBeDefined();
  Object.assign(core.counted ?? {}, { received: 10, sent: 20 });
  const { sent, received } = client.metrics.value;
  expect([received.bytes, sent.bytes]).toEqual([10, 20]);

  const { client: early, loader } = idle();
  count(early);
  void early.connect();
  expect((await loader.succeed()).counted).toBeDefined();
});

test("ask the core for outboxes, duplicates and signs of life", async () => {
  const { client, core } = await connected();
  client.namespace("/other");
  client.namespace("/third");
  core.outboxes.push({ depth: 2, oldestMs: 30 }, { depth: 1, oldestMs: 50 });
  const statistics = { identified: 9, evicted: 0, evictedStreams: 0 };
  core.statistics.push({ ...statistics, duplicates: 3 }, { ...statistics, duplicates: 4 });
  core.probeMs = 12;
  const { outbox, duplicates, roundTrip } = client.metrics.value;
  expect(outbox).toEqual({ depth: 3, oldestMs: 50 });
  expect(duplicates).toBe(7);
  expect(roundTrip.probeMs).toBe(12);
});

test("count the actions that wait for the core", () => {
  const { client } = idle();
  client.enqueue("a");
  client.namespace("/other").enqueue("b");
  expect(client.metrics.value.outbox.depth).toBe(2);
});

test("time requests that are sent at once", async () => {
  const { client, core } = await connected();
  count(client);
  const now = vi.spyOn(performance, "now");
  const answer = async (index: number, elapsed: number) => {
    now.mockReturnValue(1_000);
    const request = client.request("a");
    now.mockReturnValue(1_000 + elapsed);
    core.answers(index);
    await request;
    const { lastMs, smoothedMs } = client.metrics.value.roundTrip;
    return [lastMs, smoothedMs];
  };
  expect(await answer(0, 80)).toEqual([80, 80]);
  expect(await answer(1, 160)).toEqual([160, 90]);
  core.says("waiting", { cause: "ping_timeout" });
  expect(await answer(2, 5_000)).toEqual([160, 90]);
});

test("count lost connections and errors by their codes", async () => {
  const { client, core } = await connected();
  count(client);
  core.says("waiting", { cause: "ping_timeout" });
  core.says("waiting", { attempt: 2, cause: "connect_timeout" });
  core.fails("connect_timeout");
  core.fails("connect_timeout");
  core.says("connected");
  core.says("waiting", { cause: "transport_close" });
  core.says("connected");
  core.says("waiting", { cause: "ping_timeout" });
  const { reconnections, errors } = client.metrics.value;
  expect(reconnections).toEqual({ ping_timeout: 2, transport_close: 1 });
  expect(errors).toEqual({ connect_timeout: 2 });
});

test("count what interceptors have stopped", async () => {
  const { client, core } = await connected();
  count(client);
  client.use({ inbound: () => false, outbound: () => false });
  client.on("a").subscribe(() => {});
  core.delivers("a");
  expect(() => client.emit("a")).toThrow(sockeyeError("vetoed"));
  expect(client.metrics.value.vetoed).toBe(2);
});

test("are told at once and then each second, while somebody wants to know", async () => {
  const { client } = await connected();
  vi.useFakeTimers();
  const told = vi.fn<(metrics: Metrics) => void>();
  const first = client.metrics.subscribe(told);
  const second = client.metrics.subscribe(() => {});
  expect(told).toHaveBeenCalledTimes(1);
  client.emit("a");
  vi.advanceTimersByTime(999);
  expect(told).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(1);
  expect(told.mock.lastCall?.[0].sent.events).toBe(1);
  vi.advanceTimersByTime(5_000);
  expect(told).toHaveBeenCalledTimes(7);
  first.unsubscribe();
  expect(vi.getTimerCount()).toBe(1);
  second.unsubscribe();
  expect(vi.getTimerCount()).toBe(0);
  client.metrics.subscribe(told);
  expect(vi.getTimerCount()).toBe(1);
});

test("are told as often as the option says", async () => {
  const { client } = await connected({ metricsIntervalMs: 50 });
  vi.useFakeTimers();
  const told = vi.fn();
  client.metrics.subscribe(told);
  vi.advanceTimersByTime(200);
  expect(told).toHaveBeenCalledTimes(5);
  expect(() => idle({ metricsIntervalMs: 0 })).toThrow(sockeyeError("invalid_option"));
});

test("end with the client and leave no timer", async () => {
  const { client } = await connected();
  vi.useFakeTimers();
  const complete = vi.fn();
  client.metrics.subscribe({ complete });
  await client.destroy();
  expect(complete).toHaveBeenCalledOnce();
  expect(vi.getTimerCount()).toBe(0);
});
