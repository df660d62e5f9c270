import { afterEach, describe, expect, test, vi } from "vitest";
import type { FakeSocket } from "../../../tests/contract/fakeSocket.mjs";
import type { EventLog } from "../../src/server.js";
import { memoryStore } from "../../src/server.js";
import { MemoryEventLog } from "../../src/server/eventLog.js";
import { connect, isSettled, setUp } from "./support.js";

afterEach(() => void vi.useRealTimers());

const limits = { maxEvents: 1_000, maxStreams: 1_000, maxAgeMs: 60_000 };

interface Found {
  stream: string;
  epoch?: string;
  seq?: number;
  events: unknown[][];
  gap?: true;
  more?: true;
}

/** Asks what came after a position. */
async function since(socket: FakeSocket, ...streams: unknown[]): Promise<Found[]> {
  const [answer] = (await socket.request("sockeye:since", { streams })) as [{ streams: Found[] }];
  return answer.streams;
}

async function inRoom(world: ReturnType<typeof setUp>, room: string) {
  const { socket } = await connect(world);
  await world.attached.join(socket, room);
  const [[position]] = socket.got("sockeye:position") as [[[string, string, number]]];
  return { socket, position };
}

const numbers = (events: unknown[][]) => events.map((event) => event[0]);

describe("hello", () => {
  test("says at once what the server keeps, and for how long", async () => {
    const world = setUp({ retentionMs: 5_000 });
    vi.useFakeTimers({ toFake: ["Date"], now: 1_790_000_000_000 });
    const { socket } = await connect(world);
    expect(socket.sent).toHaveLength(1);
    expect(socket.got("sockeye:hello")).toEqual([
      [
        {
          v: 1,
          memory: await world.store.memory(),
          retentionMs: 5_000,
          time: 1_790_000_000_000,
          since: true,
          positions: [["*", expect.stringMatching(/^[0-9a-f]{32}$/), 0]],
        },
      ],
    ]);
  });

  test("has the positions of all streams of the namespace", async () => {
    const world = setUp();
    await world.attached.stream("prices").emit("price", 1);
    const { hello } = await connect(world);
    expect(hello).toMatchObject({
      positions: [
        ["*", expect.anything(), 0],
        ["*prices", expect.anything(), 1],
      ],
    });
  });

  test("is followed by what came since its positions were read", async () => {
    const world = setUp();
    let emitted: Promise<unknown> = Promise.resolve();
    world.namespace.use((_socket: unknown, next: () => void) => {
      emitted = world.attached.emit("meanwhile", 1);
      void emitted.then(() => next());
    });
    const { socket } = await connect(world);
    await isSettled(emitted);
    expect(socket.sent.map(([name]) => name)).toEqual(["sockeye:hello", "meanwhile"]);
  });

  test("is said at once also if the connection state was recovered", async () => {
    const world = setUp();
    await connect(world);
    const socket = await world.namespace.connect({ recovered: true });
    expect(socket.got("sockeye:hello")).toHaveLength(1);
  });

  test("is said to a first socket that was recovered when the memory has been read", async () => {
    const world = setUp();
    const socket = await world.namespace.connect({ recovered: true });
    await isSettled(Promise.resolve());
    expect(socket.got("sockeye:hello")).toHaveLength(1);
  });

  test("lets nobody in before the memory was ever read, and says when to come back", async () => {
    const store = { ...memoryStore(), memory: () => Promise.reject(new Error("no Redis")) };
    const world = setUp({ store });
    const refusal = await world.namespace.connect().catch((error: unknown) => error);
    expect(refusal).toMatchObject({ data: { retryAfterMs: 1_000 } });
    expect(world.errors).toEqual([new Error("no Redis")]);
  });

  test("goes on with the memory that was read last", async () => {
    const store = memoryStore();
    let isDown = false;
    const memory = () => (isDown ? Promise.reject(new Error("no Redis")) : store.memory());
    const world = setUp({ store: { ...store, memory } });
    const { hello } = await connect(world);
    isDown = true;
    expect((await connect(world)).hello.memory).toBe(hello.memory);
  });
});

describe("events", () => {
  test("are numbered, stamped, and sent to those whom they concern", async () => {
    const world = setUp();
    const { socket, position } = await inRoom(world, "job 1");
    const { socket: another } = await connect(world);
    const [, epoch] = position;
    expect(position).toEqual(["job 1", epoch, 0]);
    expect(await world.attached.to("job 1").emit("progress", 10, "%")).toEqual({ epoch, seq: 1 });
    await world.attached.to("job 1").emit("progress", 20, "%");
    const stamp = (seq: number) => ({
      $sockeye: { id: `job 1/${epoch}/${seq}`, stream: "job 1", epoch, seq },
    });
    expect(socket.got("progress")).toEqual([
      [10, "%", stamp(1)],
      [20, "%", stamp(2)],
    ]);
    expect(another.got("progress")).toEqual([]);
  });

  test("keep their order though the log is slow", async () => {
    const log = new MemoryEventLog(limits);
    let delay = 20;
    const slow: EventLog = {
      append: async (stream, event) => {
        const position = await log.append(stream, event);
        for (let turn = (delay -= 1); turn > 0; turn -= 1) await Promise.resolve();
        return position;
      },
      position: (stream) => log.position(stream),
      since: (...args) => log.since(...args),
    };
    const world = setUp({ store: { ...memoryStore(), eventLog: () => slow } });
    const { socket } = await connect(world);
    await Promise.all([1, 2, 3, 4].map((number) => world.attached.emit("news", number)));
    expect(socket.got("news").map(([number]) => number)).toEqual([1, 2, 3, 4]);
  });

  test("are not sent if they cannot be logged", async () => {
    const log = new MemoryEventLog(limits);
    log.append = () => Promise.reject(new Error("no Redis"));
    const world = setUp({ store: { ...memoryStore(), eventLog: () => log } });
    const { socket } = await connect(world);
    await expect(world.attached.emit("news")).rejects.toThrow("no Redis");
    expect(socket.got("news")).toEqual([]);
  });

  test("have no room whose name is that of everybody's stream", async () => {
    const world = setUp();
    const { socket } = await connect(world);
    expect(() => world.attached.to("*")).toThrow(TypeError);
    await expect(world.attached.join(socket, "*prices")).rejects.toThrow(TypeError);
  });

  test("have no socket that has gone while the log was read", async () => {
    const log = new MemoryEventLog(limits);
    const world = setUp({ store: { ...memoryStore(), eventLog: () => log } });
    const { socket } = await connect(world);
    const joined = world.attached.join(socket, "job 1");
    socket.connected = false;
    await joined;
    expect([...socket.rooms]).not.toContain("job 1");
  });

  test("that others log while a socket joins reach it after its position", async () => {
    const log = new MemoryEventLog(limits);
    const world = setUp({ store: { ...memoryStore(), eventLog: () => log } });
    const { socket } = await connect(world);
    const joinNow = socket.join.bind(socket);
    socket.join = (room) => {
      void log.append(
        JSON.stringify(["/", room]),
        JSON.stringify(["progress", "of another process"]),
      );
      joinNow(room);
    };
    await world.attached.join(socket, "job 1");
    expect(socket.sent.slice(1).map(([name]) => name)).toEqual(["sockeye:position", "progress"]);
    expect(socket.got("progress")[0]).toMatchObject([
      "of another process",
      { $sockeye: { seq: 1 } },
    ]);
  });
});

describe("since", () => {
  test("answers with what was missed, as it was sent", async () => {
    const world = setUp();
    const { socket, position } = await inRoom(world, "room");
    const bytes = Buffer.from([1, 2]);
    for (const value of [1, bytes, { three: 3 }])
      await world.attached.to("room").emit("news", value);
    const [stream, epoch] = position;
    const [found] = await since(socket, [stream, epoch, 1]);
    expect(found).toEqual({ stream, epoch, seq: 3, events: socket.sent.slice(-2) });
  });

  test("answers with nothing new if nothing is missing", async () => {
    const world = setUp();
    const { socket, position } = await inRoom(world, "room");
    const [stream, epoch, seq] = position;
    expect(await since(socket, position)).toEqual([{ stream, epoch, seq, events: [] }]);
  });

  test.each([
    ["an epoch that is over", (epoch: string) => [`${epoch}0`, 1]],
    ["what the log no longer has", (epoch: string) => [epoch, 0]],
    ["a number that is yet to come", (epoch: string) => [epoch, 5]],
  ])("tells a gap for %s", async (_what, from: (epoch: string) => unknown[]) => {
    const world = setUp({ log: { maxEvents: 2 } });
    const { socket, position } = await inRoom(world, "room");
    for (const value of [1, 2, 3]) await world.attached.to("room").emit("news", value);
    const [stream, epoch] = position;
    const [found] = await since(socket, [stream, ...from(epoch)]);
    expect(found).toEqual({ stream, epoch, seq: 3, events: [], gap: true });
    expect((await since(socket, [stream, epoch, 1]))[0]?.events).toHaveLength(2);
  });

  test("tells nothing of streams that the socket may not read, or that there are not", async () => {
    const world = setUp();
    await world.attached.to("secret").emit("news", 1);
    const { socket } = await connect(world);
    const found = await since(socket, ["secret", "x", 0], ["*nothing", "x", 0]);
    expect(found).toEqual([
      { stream: "secret", events: [], gap: true },
      { stream: "*nothing", events: [], gap: true },
    ]);
  });

  test("lets the application decide who may read what", async () => {
    const failure = new Error("no database");
    const maySince = vi.fn((_socket: object, stream: string) => {
      if (stream === "broken") throw failure;
      return Promise.resolve(stream === "open");
    });
    const world = setUp({ maySince });
    const positions = [];
    for (const room of ["open", "closed", "broken"]) {
      const { epoch } = await world.attached.to(room).emit("news", room);
      positions.push([room, epoch, 0]);
    }
    const { socket } = await connect(world);
    const found = await since(socket, ...positions);
    expect(found.map(({ events }) => events.length)).toEqual([1, 0, 0]);
    expect(world.errors).toEqual([failure]);
  });

  test("answers in parts: 1,000 events, or about 1 MB", async () => {
    const world = setUp({ log: { maxEvents: 3_000 } });
    const small = await inRoom(world, "small");
    const large = await inRoom(world, "large");
    await world.attached.join(small.socket, "large");
    const emits = Array.from({ length: 1_500 }, (_, at) =>
      world.attached.to("small").emit("news", at),
    );
    await Promise.all(emits);
    for (let at = 0; at < 3; at += 1) {
      await world.attached.to("large").emit("news", "x".repeat(600_000));
    }
    const [first, later] = await since(small.socket, small.position, large.position);
    expect(first).toMatchObject({ seq: 1_000, more: true });
    const [, epoch] = large.position;
    expect(later).toEqual({ stream: "large", epoch, seq: 0, events: [], more: true });
    const [, smallEpoch] = small.position;
    const [rest, some] = await since(small.socket, ["small", smallEpoch, 1_000], large.position);
    expect(rest?.events).toHaveLength(500);
    expect(rest).not.toHaveProperty("more");
    expect(numbers(rest?.events ?? [])).toEqual(Array.from({ length: 500 }, () => "news"));
    expect(some).toMatchObject({ seq: 2, more: true });
  });

  test.each([
    ...[
      undefined,
      null,
      1,
      "text",
      [],
      {},
      { streams: 1 },
      { streams: {} },
      { streams: [null, 1, []] },
    ],
    {
      streams: [["*"], ["*", 1, 1], [1, "x", 1], ["*", "x", "1"], ["*", "x", -1], ["*", "x", 1.5]],
    },
    { streams: [["*", "x", NaN], ["*", "x", null], { 0: "*", 1: "x", 2: 1, length: 3 }] },
  ])("leaves out what is malformed: %j", async (request) => {
    const world = setUp();
    const { socket } = await connect(world);
    expect(await socket.request("sockeye:since", request)).toEqual([{ streams: [] }]);
    socket.receive("sockeye:since", request, "no acknowledgement");
    socket.receive("sockeye:since");
    await isSettled(Promise.resolve());
    expect(world.errors).toEqual([]);
  });
});

describe("the log in memory", () => {
  test("begins a stream anew that had no event for too long", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const log = new MemoryEventLog(limits);
    const first = await log.append("a", "1");
    vi.advanceTimersByTime(limits.maxAgeMs - 1);
    expect((await log.position("a")).epoch).toBe(first.epoch);
    vi.advanceTimersByTime(limits.maxAgeMs);
    expect(await log.since("a", first, 10)).toBeUndefined();
    const second = await log.append("a", "2");
    expect(second).toEqual({ epoch: expect.not.stringMatching(first.epoch) as string, seq: 1 });
  });

  test("forgets the stream that was used least recently when there are too many", async () => {
    const log = new MemoryEventLog({ ...limits, maxStreams: 2 });
    const a = await log.append("a", "1");
    const b = await log.append("b", "1");
    await log.append("a", "2");
    await log.append("c", "1");
    expect(await log.since("b", b, 10)).toBeUndefined();
    expect((await log.since("a", a, 10))?.events).toEqual(["2"]);
  });
});

describe("retry", () => {
  test("tells all sockets of the process when to come back", async () => {
    const world = setUp();
    const { socket } = await connect(world);
    world.helper.retry(5_000);
    expect(socket.got("sockeye:retry")).toEqual([[{ afterMs: 5_000 }]]);
  });
});
