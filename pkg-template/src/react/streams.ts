/** Events in components. */
import { useCallback, useEffect, useSyncExternalStore } from "react";
import type { Observable } from "../observable.js";
import { useKept, useNewest } from "./kept.js";
import { type Every, Pace } from "./pace.js";

/** How events are collected for rendering. */
export interface StreamOptions {
  /** How many of the newest are kept. Default 100. */
  limit?: number | undefined;
  /** How often they are rendered. None is left out for that. Default `frame`. */
  every?: Every | undefined;
}

/** Calls `handle`, as it was last rendered, with each value; renders nothing. */
export function useListener<Value>(
  source: () => Observable<Value>,
  handle: (value: Value) => void,
): void {
  const newest = useNewest(handle);
  useEffect(() => {
    const subscription = source().subscribe((value) => newest.current(value));
    return () => subscription.unsubscribe();
  }, [source, newest]);
}

/** Returns the newest values, oldest first. `source` is the same as long as the stream is. */
export function useNewestValues<Value>(
  source: () => Observable<Value>,
  { limit = 100, every = "frame" }: StreamOptions = {},
): readonly Value[] {
  const values = useKept(() => new NewestValues(source, limit, every), source, limit, every);
  return useSyncExternalStore(values.subscribe, values.read, noValues);
}

/** Returns a source that is the same as long as client and event are. */
export function useSource<Value>(
  client: { on(event: string): Observable<unknown> },
  event: string,
): () => Observable<Value> {
  return useCallback(() => client.on(event) as Observable<Value>, [client, event]);
}

/** Takes values as they come, and hands them on in pace. */
class NewestValues<Value> {
  readonly #source: () => Observable<Value>;
  readonly #limit: number;
  readonly #every: Every;
  #shown: readonly Value[] = none;
  /** Those that are not shown yet; no more than twice the limit, also where nothing is ever painted. */
  #taken: Value[] = [];

  constructor(source: () => Observable<Value>, limit: number, every: Every) {
    this.#source = source;
    this.#limit = limit;
    this.#every = every;
  }

  readonly read = () => this.#shown;

  readonly subscribe = (onChange: () => void): (() => void) => {
    const pace = new Pace(this.#every, () => {
      this.#shown = [...this.#shown, ...this.#taken].slice(-this.#limit);
      this.#taken = [];
      onChange();
    });
    const subscription = this.#source().subscribe((value) => {
      if (this.#taken.push(value) >= 2 * this.#limit) this.#taken = this.#taken.slice(-this.#limit);
      pace.due();
    });
    return () => {
      subscription.unsubscribe();
      pace.stop();
    };
  };
}

const none: readonly never[] = [];
const noValues = () => none;
