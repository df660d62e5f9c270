import { Subject as RxSubject } from "rxjs";
import { expectTypeOf, test } from "vitest";
import {
  buffer,
  type ChunkPart,
  chunks,
  type Client,
  conflate,
  job,
  type JobState,
  latest,
  live,
  type LiveState,
  type Observable,
  roomJobs,
  type StateObservable,
} from "../../src/index.js";

interface Quote {
  symbol: string;
  price: number;
}
declare const client: Client<{
  quote: (quote: Quote) => void;
  moved: (x: number, y: number) => void;
}>;

test("what comes of a client's events has their types", () => {
  const quotes = conflate(client.on("quote"), (quote) => quote.symbol);
  expectTypeOf(quotes).toEqualTypeOf<Observable<ReadonlyMap<string, Quote>>>();
  expectTypeOf(buffer(client.on("quote"))).toEqualTypeOf<Observable<readonly Quote[]>>();
  expectTypeOf(latest(client.on("moved"))).toEqualTypeOf<Observable<[x: number, y: number]>>();
  // @ts-expect-error -- a key of a quote is none of a number
  conflate(client.on("quote"), (price: number) => price);
  // @ts-expect-error -- no such pace
  latest(client.on("quote"), { every: "second" });
});

test("streams of RxJS are sources", () => {
  expectTypeOf(latest(new RxSubject<Quote>())).toEqualTypeOf<Observable<Quote>>();
  expectTypeOf(buffer(new RxSubject<number>())).toEqualTypeOf<Observable<readonly number[]>>();
});

interface Order {
  id: number;
  title: string;
}
interface Asked {
  "task:cancel": (taskId: string, done: (cancelled: boolean) => void) => void;
}
declare const shop: Client<
  { order: (changed: Partial<Order>) => void; part: (part: { chunk: string }) => void },
  Asked
>;
declare const load: (signal: AbortSignal) => Promise<Order>;

test("a state has the type of what is fetched, and updates that of the event", () => {
  const order = live(shop, load, "order", (state, changed) => ({ ...state, ...changed }));
  expectTypeOf(order).toEqualTypeOf<StateObservable<LiveState<Order>>>();
  const batches = buffer(shop.on("order"));
  live(shop, load, batches, (state, changes) => Object.assign(state, ...changes) as Order);
  // @ts-expect-error -- no such event
  live(shop, load, "orders", (state) => state);
  // @ts-expect-error -- what is merged is no order
  live(shop, load, "order", () => 7);
});

test("chunks have the type of the field, or of what reads it", () => {
  expectTypeOf(chunks(shop, "part", { cancel: ["task:cancel", "7"] })).toExtend<
    Observable<ChunkPart<string>>
  >();
  const lengths = chunks(shop, "part", { chunkOf: ({ chunk }) => chunk.length });
  expectTypeOf(lengths).toExtend<Observable<ChunkPart<number>>>();
  // @ts-expect-error -- no such event can be sent
  chunks(shop, "part", { cancel: ["task:end", "7"] });
});

test("a job has the result of its dialect", () => {
  expectTypeOf(job(shop, "7", roomJobs)).toEqualTypeOf<StateObservable<JobState<number>>>();
});
