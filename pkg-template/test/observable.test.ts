import { from, map, take } from "rxjs";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Observable } from "../src/observable.js";
import { connected, idle, recorder, sockeyeError, turn } from "./support/setUp.js";

describe("as an observable of other libraries", () => {
  const symbols = Symbol as { observable?: symbol };
  afterEach(() => {
    delete symbols.observable;
    vi.resetModules();
  });

  test("a stream has the method @@observable, which gives itself", () => {
    const { client } = idle();
    const streams: Observable<unknown>[] = [client.on("a"), client.status, client.errors];
    for (const stream of streams) expect(stream["@@observable"]()).toBe(stream);
  });

  test("a stream has the method Symbol.observable where there is one", async () => {
    const symbol = Symbol("observable");
    symbols.observable = symbol;
    vi.resetModules();
    const { Observable } = await import("../src/observable.js");
    const stream = new Observable<number>(() => () => {});
    expect((stream as unknown as Record<symbol, () => unknown>)[symbol]?.()).toBe(stream);
  });

  test("a stream passes values, the end and unsubscription on", async () => {
    const { client, core } = await connected();
    // What RxJS does in `from()`.
    const observed = client.on("a")["@@observable"]();
    const [first, second] = [recorder(), recorder()];
    const subscription = observed.subscribe(first);
    observed.subscribe(second);
    core.delivers("a", [1]);
    subscription.unsubscribe();
    core.delivers("a", [2]);
    await client.destroy();
    expect(first).toMatchObject({ values: [1], ends: [] });
    expect(second).toMatchObject({ values: [1, 2], ends: ["complete"] });
  });
});

describe("RxJS", () => {
  test("takes each value and the end, and gives its subscription back", async () => {
    const { client, core } = await connected();
    const [all, first] = [recorder(), recorder()];
    from(client.on("a"))
      .pipe(map((value: number) => value * 10))
      .subscribe(all);
    from(client.on("b")).pipe(take(1)).subscribe(first);
    for (const value of [1, 2]) for (const name of ["a", "b"]) core.delivers(name, [value]);
    expect([...core.names.keys()]).toEqual(["a"]);
    await client.destroy();
    expect(all).toMatchObject({ values: [10, 20], ends: ["complete"] });
    expect(first).toMatchObject({ values: [1], ends: ["complete"] });
  });
});

describe("for await", () => {
  test("gives each value, also those that come while the loop is busy", async () => {
    const { client, core } = await connected();
    const { values } = consume(client.on("a"), 4);
    await turn();
    core.delivers("a", [1]);
    await turn();
    core.delivers("a", [2]);
    core.delivers("a", [3]);
    core.delivers("a", [4]);
    expect(await values).toEqual([1, 2, 3, 4]);
  });

  test("ends its subscription with break", async () => {
    const { client, core } = await connected();
    const { values } = consume(client.on("a"), 1);
    await turn();
    expect(core.names.size).toBe(1);
    core.delivers("a", [1]);
    core.delivers("a", [2]);
    expect(await values).toEqual([1]);
    expect(core.names.size).toBe(0);
  });

  test("ends its subscription when the loop throws", async () => {
    const { client, core } = await connected();
    const cause = new Error("in the loop");
    const looping = (async () => {
      for await (const value of client.on("a")) if (value) throw cause;
    })();
    await turn();
    core.delivers("a", [1]);
    await expect(looping).rejects.toBe(cause);
    expect(core.names.size).toBe(0);
  });

  test("ends with the client, after the values that came before", async () => {
    const { client, core } = await connected();
    const { values } = consume(client.on("a"), Infinity);
    await turn();
    core.delivers("a", [1]);
    core.delivers("a", [2]);
    await client.destroy();
    expect(await values).toEqual([1, 2]);
  });

  test("ends with a client that is destroyed inside the loop", async () => {
    const { client, core } = await connected();
    const seen: unknown[] = [];
    const looping = (async () => {
      for await (const value of client.on("a")) {
        seen.push(value);
        await client.destroy();
      }
    })();
    await turn();
    core.delivers("a", [1]);
    await looping;
    expect(seen).toEqual([1]);
  });

  test("subscribes for each loop anew", async () => {
    const { client, core } = await connected();
    const events = client.on("a");
    const loops = [consume(events, 1), consume(events, 1)];
    await turn();
    core.delivers("a", [1]);
    expect(await Promise.all(loops.map(({ values }) => values))).toEqual([[1], [1]]);
  });

  test("keeps what comes before it asks", async () => {
    const { client, core } = await connected();
    const iterator = client.on("a")[Symbol.asyncIterator]();
    core.delivers("a", [1]);
    expect(await iterator.next()).toEqual({ done: false, value: 1 });
  });

  test("keeps 10,000 values for a loop that is behind", async () => {
    const { client, core } = await connected();
    const { values } = consume(client.on("a"), 10_000);
    await turn();
    for (let value = 0; value < 10_000; value++) core.delivers("a", [value]);
    const seen = await values;
    expect(seen).toHaveLength(10_000);
    expect(seen.at(-1)).toBe(9_999);
  });

  test("fails when the loop is further behind", async () => {
    const { client, core } = await connected();
    const { values } = consume(client.on("a"), Infinity);
    await turn();
    for (let value = 0; value <= 10_001; value++) core.delivers("a", [value]);
    await expect(values).rejects.toEqual(sockeyeError("iterator_overflow"));
    expect(core.names.size).toBe(0);
  });

  /** Runs a loop over `limit` values. */
  function consume(events: Observable<unknown>, limit: number) {
    const loop = async () => {
      const values: unknown[] = [];
      for await (const value of events) {
        values.push(value);
        if (values.length === limit) break;
      }
      return values;
    };
    const values = loop();
    values.catch(() => {});
    return { values };
  }
});
