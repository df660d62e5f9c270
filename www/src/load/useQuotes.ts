import { useEffect, useState } from "react";
import { conflate } from "sockeye-client";
import type { Quote } from "../events";
import type { Way } from "./choices";
import { quotes } from "./context";

export type Quotes = ReadonlyMap<string, Quote>;

export interface Followed {
  /** The newest of each symbol. */
  quotes: Quotes;
  /** How often the listener was called in the last second. */
  calls: number;
}

/** Follows the market: plainly each quote is set as it comes, conflated the newest of each symbol once per frame. */
export function useQuotes(way: Way): Followed {
  const client = quotes.useSockeye();
  const [newest, setNewest] = useState<Quotes>(new Map());
  const [calls, setCalls] = useState(0);
  useEffect(() => {
    let called = 0;
    const add = (changed: readonly Quote[]) => {
      called += 1;
      setNewest((known) => new Map([...known, ...changed.map(bySymbol)]));
    };
    const stream = client.on("finance:quote");
    const subscription =
      way === "conflated"
        ? conflate(stream, "symbol").subscribe((changed) => add([...changed.values()]))
        : stream.subscribe((quote) => add([quote]));
    const timer = setInterval(() => {
      setCalls(called);
      called = 0;
    }, 1_000);
    return () => {
      subscription.unsubscribe();
      clearInterval(timer);
    };
  }, [client, way]);
  return { quotes: newest, calls };
}

const bySymbol = (quote: Quote) => [quote.symbol, quote] as const;
