import { Subject as RxSubject } from "rxjs";
import { expectTypeOf, test } from "vitest";
import { buffer, type Client, conflate, latest, type Observable } from "../../src/index.js";

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
