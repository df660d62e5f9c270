/** The envelope of an enqueued action, as it stands among an event's arguments. */
import { isRecord } from "./encoding.js";

/** Who sends which action, and where it stands in its lane. */
export interface Envelope {
  /** One for each action, for ever: `k`. */
  readonly key: string;
  /** The client's store: `c`. */
  readonly client: string;
  /** Raised each time somebody begins to drain that store: `e`. */
  readonly epoch: number;
  /** Contiguous from 1 in a lane and an epoch: `n`. */
  readonly seq: number;
  /** Actions of one lane keep their order: `lane`. */
  readonly lane: string;
  /** The memory of keys that the client believes in: `m`. */
  readonly memory: string;
}

/** What stood in the place of an envelope: one, or something that is none. */
export type Taken =
  { readonly envelope: Envelope } | { readonly key: string; readonly problem: string };

/** Longer names are refused: they would be stored. */
export const maxNameLength = 256;

/** Takes the envelope off the end of an event's arguments; returns nothing if there is none. */
export function takeEnvelope(args: unknown[]): Taken | undefined {
  const at = args.length - (typeof args.at(-1) === "function" ? 2 : 1);
  const wrapper = args[at];
  // Asked first, because binary data would name each of its bytes.
  if (!isRecord(wrapper) || !Object.hasOwn(wrapper, "$sockeye")) return undefined;
  const names = Object.keys(wrapper);
  if (names.length !== 1) return undefined;
  args.splice(at, 1);
  return read(wrapper["$sockeye"]);
}

function read(inner: unknown): Taken {
  if (!isRecord(inner)) return { key: "", problem: "is not an object" };
  const { k: key, c: client, e: epoch, n: seq, lane, m: memory } = inner;
  if (!isName(key) || key === "") return { key: "", problem: "k is not a name" };
  if (!isName(client)) return { key, problem: "c is not a name" };
  if (!isName(lane)) return { key, problem: "lane is not a name" };
  if (!isName(memory)) return { key, problem: "m is not a name" };
  if (!isPositive(epoch)) return { key, problem: "e is not a whole number from 1" };
  if (!isPositive(seq)) return { key, problem: "n is not a whole number from 1" };
  return { envelope: { key, client, epoch, seq, lane, memory } };
}

const isName = (value: unknown): value is string =>
  typeof value === "string" && value.length <= maxNameLength;

const isPositive = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) > 0;
