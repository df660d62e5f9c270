/** Checking events with schemas of zod, valibot and all others that keep to Standard Schema. */
import { fail, SockeyeError } from "./errors.js";
import { toValue } from "./toValue.js";
import type { Interceptor } from "./traffic.js";

/** What is wrong with a value, and where. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** What a schema says of a value. */
export type CheckedValue =
  | { readonly value: unknown; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** A schema, whichever library has made it: https://standardschema.dev */
export interface StandardSchema {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    /** Says what a value is, or what is wrong with it. */
    readonly validate: (value: unknown) => CheckedValue | Promise<CheckedValue>;
  };
}

/** Schemas by the names of events. */
export type EventSchemas = Readonly<Record<string, StandardSchema>>;

/** What is checked. */
export interface ValidateOptions {
  /** What comes: an event's one argument, otherwise the tuple of all. */
  inbound?: EventSchemas | undefined;
  /** What is sent. */
  outbound?: EventSchemas | undefined;
  /** What answers the events of these names, in both directions. */
  ack?: EventSchemas | undefined;
}

/**
 * Makes an interceptor that lets only valid events through, as their schemas return them: with defaults
 * filled in, for example. Events without a schema pass as they are.
 *
 * An invalid event that has come is told to nobody but `client.errors`, with `invalid_event`, whose `data`
 * are the issues. What is sent throws, or rejects, with `vetoed`, and that is its `cause`. Schemas that
 * answer with a promise make every event invalid.
 *
 * @example
 * const Job = z.object({ id: z.string(), progress: z.number() });
 * client.use(validate({ inbound: { "job:progress": Job } }));
 */
export function validate({ inbound, outbound, ack }: ValidateOptions): Interceptor {
  return {
    ...(inbound && { inbound: (event, args) => check(inbound, event, args) }),
    ...(outbound && { outbound: (event, args) => check(outbound, event, args) }),
    ...(ack && { ack: (event, args) => check(ack, event, args) }),
  };
}

/** Returns the arguments as they are to be passed on. Throws `invalid_event`. */
function check(
  schemas: EventSchemas,
  event: string,
  args: readonly unknown[],
): readonly unknown[] | undefined {
  const schema = Object.hasOwn(schemas, event) ? schemas[event] : undefined;
  if (!schema) return undefined;
  const checked = schema["~standard"].validate(toValue(args, 0));
  if (checked instanceof Promise) {
    throw fail("invalid_event", `the schema of "${event}" has to wait`, "take one that does not");
  }
  if (checked.issues) throw invalid(event, checked.issues);
  return args.length === 1 ? [checked.value] : (checked.value as unknown[]);
}

function invalid(event: string, issues: readonly SchemaIssue[]): SockeyeError {
  const message = `"${event}" is not valid: ${issues.map(toText).join("; ")}`;
  const hint = "make its schema and what is sent agree; `data` are the issues";
  return new SockeyeError({ code: "invalid_event", message, hint }, { data: issues });
}

function toText({ message, path = [] }: SchemaIssue): string {
  const keys = path.map((part) => String(typeof part === "object" ? part.key : part));
  return keys.length > 0 ? `${keys.join(".")}: ${message}` : message;
}
