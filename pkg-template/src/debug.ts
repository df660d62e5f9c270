/**
 * The entry that shows in the console what passes. Bundles that do not import it do not have it.
 *
 * @module sockeye-client/debug
 */
import { fail } from "./errors.js";
import type { AnyClient } from "./public.js";
import type { Trace, TraceEntry, TraceOptions } from "./trace.js";

/** How much is shown: errors only; statuses, too; everything that is sent and received, too. */
export type LogLevel = "error" | "info" | "debug";

/** For {@link logTrace}. */
export interface LogOptions extends TraceOptions {
  /** Default `debug`. Browsers show that in their console only if they are told to show everything. */
  level?: LogLevel | undefined;
  /** Where it is written. Default `console`. */
  console?: Pick<Console, LogLevel> | undefined;
}

const levels: readonly LogLevel[] = ["error", "info", "debug"];

/**
 * Writes into the console what a client sends and receives, its statuses and errors, in all namespaces,
 * until `stop()` is called on the trace that it returns.
 *
 * Arguments are not shown unless `payloads` says so: they may hold what nobody should see.
 *
 * @throws {SockeyeError} `invalid_option`, `client_destroyed`.
 * @example
 * if (import.meta.env.DEV) logTrace(client, { payloads: true });
 */
export function logTrace(client: AnyClient, options: LogOptions = {}): Trace {
  const { level = "debug", console = globalThis.console, ...traceOptions } = options;
  if (!levels.includes(level)) {
    throw fail("invalid_option", `level is ${level}`, `give one of ${levels.join(", ")}`);
  }
  const shown = levels.slice(0, levels.indexOf(level) + 1);
  return client.trace({
    ...traceOptions,
    onEntry(entry) {
      const entryLevel = levelOf(entry);
      if (shown.includes(entryLevel)) console[entryLevel](...toLine(entry));
      options.onEntry?.(entry);
    },
  });
}

function levelOf({ kind }: TraceEntry): LogLevel {
  if (kind === "error") return "error";
  return kind === "status" ? "info" : "debug";
}

const arrows = { in: "←", out: "→" };

/** For example `sockeye → request / double 4`, and the arguments if they are kept. */
function toLine(entry: TraceEntry): unknown[] {
  const { direction, kind, namespace, event, size } = entry;
  const parts = ["sockeye", direction && arrows[direction], kind, namespace, event, size];
  const text = parts.filter((part) => part !== undefined).join(" ");
  return "payload" in entry ? [text, entry.payload] : [text];
}
