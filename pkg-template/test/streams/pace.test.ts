import { Subject as RxSubject } from "rxjs";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { buffer, conflate, latest } from "../../src/index.js";
import { Observable } from "../../src/observable.js";
import { fakeFrames } from "../support/frames.js";
import { dice } from "../support/dice.js";
import { connected, recorder, sockeyeError } from "../support/setUp.js";

interface Quote {
  symbol: string;
  price: number;
}
const symbolOf = ({ symbol }: Quote) => symbol;
const quote = (symbol: string, price: number): Quote => ({ symbol, price });

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

const helpers = {
  conflate: (source: RxSubject<Quote>, every?: "frame" | number) =>
    conflate(source, symbolOf, { every }),
  buffer: (source: RxSubject<Quote>, every?: "frame" | number) => buffer(source, { every }),
  latest: (source: RxSubject<Quote>, every?: "frame" | number) => latest(source, { every }),
};

describe.each(Object.entries(helpers))("%s", (_, helper) => {
  test("hands on once per frame, and asks for no frame when nothing comes", () => {
    const frames = fakeFrames();
    const quotes = new RxSubject<Quote>();
    const told = recorder();
    helper(quotes).subscribe(told);
    expect(frames.waiting.size).toBe(0);
    for (let price = 0; price < 100; price += 1) quotes.next(quote("A", price));
    expect(frames.waiting.size).toBe(1);
    expect(told.values).toEqual([]);
    frames.paint();
    expect(told.values).toHaveLength(1);
    expect(frames.waiting.size + vi.getTimerCount()).toBe(0);
    quotes.next(quote("A", 100));
    frames.paint();
    expect(told.values).toHaveLength(2);
  });

  test("hands on within a second where the page is hidden, and has no frames", () => {
    const frames = fakeFrames();
    const quotes = new RxSubject<Quote>();
    const told = recorder();
    helper(quotes).subscribe(told);
    quotes.next(quote("A", 1));
    vi.advanceTimersByTime(1_000);
    expect(told.values).toHaveLength(1);
    expect(frames.waiting.size).toBe(0);
  });

  test("hands on in the pace of a display where there are no frames at all", () => {
    const quotes = new RxSubject<Quote>();
    const told = recorder();
    helper(quotes).subscribe(told);
    quotes.next(quote("A", 1));
    vi.advanceTimersByTime(16);
    expect(told.values).toHaveLength(1);
  });

  test("hands on once in an interval, which begins with the first value", () => {
    const quotes = new RxSubject<Quote>();
    const told = recorder();
    helper(quotes, 200).subscribe(told);
    vi.advanceTimersByTime(150);
    quotes.next(quote("A", 1));
    vi.advanceTimersByTime(199);
    quotes.next(quote("A", 2));
    expect(told.values).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(told.values).toHaveLength(1);
  });

  test("leaves no timer, frame or listener when it is unsubscribed", () => {
    const frames = fakeFrames();
    const quotes = new RxSubject<Quote>();
    const told = recorder();
    const subscription = helper(quotes).subscribe(told);
    quotes.next(quote("A", 1));
    subscription.unsubscribe();
    expect(frames.waiting.size + vi.getTimerCount()).toBe(0);
    expect(quotes.observed).toBe(false);
    expect(told.values).toEqual([]);
  });

  test("lets a listener unsubscribe in the middle of a batch", () => {
    const frames = fakeFrames();
    const quotes = new RxSubject<Quote>();
    let count = 0;
    const subscription = helper(quotes).subscribe(() => {
      count += 1;
      subscription.unsubscribe();
      quotes.next(quote("A", 2));
    });
    quotes.next(quote("A", 1));
    frames.paint();
    frames.paint();
    expect(count).toBe(1);
    expect(frames.waiting.size + vi.getTimerCount()).toBe(0);
  });

  test("hands on what waits before the end, and the end", () => {
    const quotes = new RxSubject<Quote>();
    const told = recorder();
    helper(quotes).subscribe(told);
    quotes.next(quote("A", 1));
    quotes.complete();
    expect(told.values).toHaveLength(1);
    expect(told.ends).toEqual(["complete"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("hands on what waits before an error, and the error", () => {
    const quotes = new RxSubject<Quote>();
    const told = recorder();
    helper(quotes).subscribe(told);
    quotes.next(quote("A", 1));
    quotes.error(new Error("broken"));
    expect(told.values).toHaveLength(1);
    expect(told.ends).toEqual(["error"]);
  });

  test("collects for each subscriber anew", () => {
    const quotes = new RxSubject<Quote>();
    const [early, late] = [recorder(), recorder()];
    const batches = helper(quotes, 100);
    batches.subscribe(early);
    quotes.next(quote("A", 1));
    vi.advanceTimersByTime(50);
    batches.subscribe(late);
    vi.advanceTimersByTime(50);
    expect(early.values).toHaveLength(1);
    expect(late.values).toHaveLength(0);
  });

  test.each([0, -1, Number.NaN, Infinity])("refuses an interval of %s", (every) => {
    expect(() => helper(new RxSubject<Quote>(), every)).toThrow(sockeyeError("invalid_option"));
  });
});

describe("conflate", () => {
  test("has the newest value of each key, in the order of the keys", () => {
    const quotes = new RxSubject<Quote>();
    const told = recorder<ReadonlyMap<string, Quote>>();
    conflate(quotes, symbolOf).subscribe(told);
    for (const [symbol, price] of [
      ["A", 1],
      ["B", 2],
      ["A", 3],
    ] as const) {
      quotes.next(quote(symbol, price));
    }
    vi.advanceTimersByTime(16);
    expect(told.values.map((batch) => [...batch.values()])).toEqual([
      [quote("A", 3), quote("B", 2)],
    ]);
  });

  test("hands on at once when as many keys wait as may, and drops none", () => {
    const quotes = new RxSubject<Quote>();
    const told = recorder<ReadonlyMap<string, Quote>>();
    conflate(quotes, symbolOf, { limit: 2 }).subscribe(told);
    for (const symbol of ["A", "A", "B", "C"]) quotes.next(quote(symbol, 1));
    expect(told.values.map((batch) => [...batch.keys()])).toEqual([["A", "B"]]);
    vi.advanceTimersByTime(16);
    expect(told.values.map((batch) => [...batch.keys()])).toEqual([["A", "B"], ["C"]]);
  });

  test("takes a client's events", async () => {
    const { client, core } = await connected<{ quote: (quote: Quote) => void }>();
    const told = recorder();
    const subscription = conflate(client.on("quote"), symbolOf).subscribe(told);
    core.delivers("quote", [quote("A", 1)]);
    core.delivers("quote", [quote("A", 2)]);
    vi.advanceTimersByTime(16);
    expect(told.values).toEqual([new Map([["A", quote("A", 2)]])]);
    subscription.unsubscribe();
    expect(core.names.has("quote")).toBe(false);
  });

  test("ends in every order of values and time with the newest of each key", () => {
    for (let seed = 0; seed < 300; seed += 1) {
      const roll = dice(seed);
      const quotes = new RxSubject<Quote>();
      const [seen, expected] = [new Map<string, Quote>(), new Map<string, Quote>()];
      conflate(quotes, symbolOf, { every: 10, limit: 1 + roll(8) }).subscribe((batch) => {
        for (const [symbol, newest] of batch) {
          // Nothing twice, and nothing that is older than what was shown.
          expect(newest.price, `seed ${seed}`).toBeGreaterThan(seen.get(symbol)?.price ?? -1);
          seen.set(symbol, newest);
        }
      });
      for (let price = 0; price < 60; price += 1) {
        const next = quote("ABCDEFGH"[roll(8)] as string, price);
        expected.set(next.symbol, next);
        quotes.next(next);
        vi.advanceTimersByTime(roll(6));
      }
      vi.advanceTimersByTime(10);
      expect(seen, `seed ${seed}`).toEqual(expected);
    }
  });
});

describe("buffer", () => {
  test("has all values in their order, and hands on at once when as many wait as may", () => {
    const numbers = new RxSubject<number>();
    const told = recorder<readonly number[]>();
    buffer(numbers, { limit: 3 }).subscribe(told);
    for (let number = 1; number <= 7; number += 1) numbers.next(number);
    expect(told.values).toEqual([[1, 2, 3], [4, 5, 6]]); // prettier-ignore
    vi.advanceTimersByTime(16);
    expect(told.values.at(-1)).toEqual([7]);
  });

  test("keeps the newest and says how many it dropped, where it may drop", () => {
    const numbers = new RxSubject<number>();
    const told: unknown[] = [];
    const onDropped = (count: number) => told.push(`dropped ${count}`);
    buffer(numbers, { limit: 3, overflow: "drop-oldest", onDropped }).subscribe((batch) => {
      told.push(batch);
    });
    for (let number = 1; number <= 10; number += 1) numbers.next(number);
    expect(told).toEqual([]);
    vi.advanceTimersByTime(16);
    numbers.next(11);
    vi.advanceTimersByTime(16);
    expect(told).toEqual(["dropped 7", [8, 9, 10], [11]]);
  });

  test("loses nothing and doubles nothing, in every order of values and time", () => {
    for (let seed = 0; seed < 300; seed += 1) {
      const roll = dice(seed);
      const numbers = new RxSubject<number>();
      const seen: number[] = [];
      let dropped = 0;
      const [overflow, limit] = [(["flush", "drop-oldest"] as const)[seed % 2], 1 + roll(6)];
      const onDropped = (count: number) => void (dropped += count);
      buffer(numbers, { every: 10, limit, overflow, onDropped }).subscribe((batch) => {
        expect(batch.length, `seed ${seed}`).toBeLessThanOrEqual(limit);
        seen.push(...batch);
      });
      for (let number = 0; number < 60; number += 1) {
        numbers.next(number);
        vi.advanceTimersByTime(roll(4));
      }
      vi.advanceTimersByTime(10);
      expect(seen, `seed ${seed}`).toEqual([...new Set(seen)].sort((one, other) => one - other));
      expect(seen.length + dropped, `seed ${seed}`).toBe(60);
      if (overflow === "flush") expect(dropped).toBe(0);
    }
  });

  test.each([0, 1.5, Number.NaN])("refuses a limit of %s", (limit) => {
    const numbers = new Observable<number>(() => () => {});
    expect(() => buffer(numbers, { limit })).toThrow(sockeyeError("invalid_option"));
    expect(() => conflate(numbers, String, { limit })).toThrow(sockeyeError("invalid_option"));
  });
});

describe("latest", () => {
  test("has the newest value", () => {
    const numbers = new RxSubject<number>();
    const told = recorder<number>();
    latest(numbers).subscribe(told);
    for (let number = 1; number <= 3; number += 1) numbers.next(number);
    vi.advanceTimersByTime(16);
    expect(told.values).toEqual([3]);
  });

  test("hands on a state that is there when it is subscribed", async () => {
    const { client } = await connected();
    const told = recorder();
    latest(client.status).subscribe(told);
    vi.advanceTimersByTime(16);
    expect(told.values).toEqual([client.status.value]);
  });
});
