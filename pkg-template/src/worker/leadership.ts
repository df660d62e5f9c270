/**
 * What tabs say to each other that have the connection of one of them.
 *
 * The page that leads holds the Web Lock {@link leadership}. Its worker serves the others: on the broadcast channel of the
 * same name a page says with {@link Join} where it is to be answered, and everything else goes over that channel.
 */
import { describe } from "../descriptions.js";
import { release } from "../wasm/build.js";
import type { Hello } from "./messages.js";

/** Pages of other releases have their own. */
export const leadership = `sockeye-leader ${release}`;

/** Said by a page to its worker: whether that is to serve the pages of other tabs from now on. */
export interface Lead {
  type: typeof leading;
  leads: boolean;
}

/** By this a worker knows what is said about that. */
export const leading = "sockeye-client leading";

/** Said by a page to whoever leads. */
export interface Join {
  hello: Hello;
  /** The name of a broadcast channel that nobody else has. */
  channel: string;
}

/** Said by the worker of a page when it begins to lead. */
export const leads = "leads";

/** Said to who asks, by a page whose worker is being made, and by a worker that has yet to answer. */
export const soon = "soon";

/** What a page is told whose leader has gone, or leads no more. */
export const leaderLeft = describe("disconnected", "the tab that had the connection has gone");

export const isLead = (data: unknown): data is Lead =>
  isObject(data) && data["type"] === leading && typeof data["leads"] === "boolean";

export const isJoin = (data: unknown): data is Join =>
  isObject(data) && typeof data["channel"] === "string" && "hello" in data;

const isObject = (data: unknown): data is Record<string, unknown> =>
  typeof data === "object" && data !== null;
