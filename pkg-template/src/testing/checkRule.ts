/** Says what is wrong with a rule, where nobody checks types. */
import { fail } from "../errors.js";
import type { Fault, FaultRule } from "./faultRules.js";
import { malformedNames } from "./malformed.js";

type Fields = Readonly<Record<string, readonly string[]>>;

/** The moments, and their fields. */
const triggers: Fields = {
  request: ["transport"],
  event: ["name", "namespace", "nth"],
  packet: ["type", "namespace", "nth"],
};
const messages = [
  ...["delay", "reorder", "stall", "replace", "malformed", "cut", "halfClose", "disconnect"],
  ...["restart", "pass", "drop", "duplicate"],
];
const answers = ["connectError", "expiredToken"];
/** What can happen at which moment. */
const possible: Fields = {
  connection: ["pass", "refuse"],
  request: ["pass", "refuse", "respond"],
  event: messages,
  packet: messages,
  connect: [...messages, ...answers],
};
/** The faults that have fields, and the others. */
const withFields: Fields = {
  delay: ["ms"],
  reorder: [],
  stall: [],
  replace: ["text"],
  malformed: ["name", "when"],
  cut: ["when"],
  halfClose: ["when"],
  disconnect: ["when", "close"],
  connectError: ["message", "data"],
  respond: ["status", "retryAfter"],
  restart: ["loseMemory"],
};
const plain = ["pass", "drop", "duplicate", "refuse", "expiredToken"];
const ruleFields = ["id", "connection", "direction", "on", "times", "share", "do"];

/** Whether it is said to who wants into a namespace. */
export const answersConnect = (fault: Fault): boolean => answers.includes(nameOf(fault));

/** @throws {SockeyeError} `invalid_option` for what is no rule. */
export function checkRule(rule: FaultRule): void {
  checkFields("a rule", rule, ruleFields);
  const { connection = 1, times = 1, share = 1, direction = "clientToServer" } = rule;
  const moment = checkTrigger(rule.on);
  checkFault(rule.do);
  checkCounts({ connection, times });
  if (!(share >= 0 && share <= 1))
    throw wrong(`\`share\` is ${share}`, "give a number from 0 to 1");
  if (!["clientToServer", "serverToClient"].includes(direction)) {
    throw wrong(`\`direction\` is ${direction}`, "one of: clientToServer, serverToClient");
  }
  const name = nameOf(rule.do);
  const known = possible[moment] ?? [];
  if (!known.includes(name)) {
    throw wrong(`"${name}" cannot happen on ${moment}`, `what can: ${known.join(", ")}`);
  }
  const isOfClient = answersConnect(rule.do) || "request" === moment;
  if (isOfClient && direction !== "clientToServer") {
    throw wrong("only the client says that", "leave `direction` out");
  }
}

/** Returns the name of the moment. */
function checkTrigger(on: unknown): string {
  if (on === "connection") return on;
  const [name = "", match] = entryOf(on);
  const fields = triggers[name];
  if (!fields) {
    const hint = '"connection", `{ event: { name: "order" } }`, `{ packet: { type: "ack" } }`';
    throw wrong(`there is no moment ${JSON.stringify(on)}`, `give one of: ${hint}`);
  }
  checkFields(name, match, fields);
  const { nth = 1, namespace = "/", transport, type } = Object(match) as Record<string, unknown>;
  checkCounts({ nth });
  if (!String(namespace).startsWith("/")) {
    throw wrong(`\`namespace\` is ${String(namespace)}`, "give one that begins with /");
  }
  if (transport !== undefined && transport !== "websocket") {
    throw wrong(
      `nothing comes by ${JSON.stringify(transport)}`,
      "there are only WebSockets: leave it out",
    );
  }
  return type === "connect" ? "connect" : name;
}

function checkFault(fault: unknown): void {
  const name = nameOf(fault);
  const fields = withFields[name];
  if (typeof fault === "string" ? !plain.includes(name) : !fields) {
    const known = [...plain, ...Object.keys(withFields).map((each) => `{ ${each}: {…} }`)];
    throw wrong(`there is no fault ${JSON.stringify(fault)}`, `one of: ${known.join(", ")}`);
  }
  const [, values] = entryOf(fault);
  checkFields(name, values ?? {}, fields ?? []);
  const { ms, name: malformed, text, status, when } = Object(values) as Record<string, unknown>;
  if (name === "delay" && !(typeof ms === "number" && ms >= 0)) {
    throw wrong("a delay has no time", "give `{ delay: { ms: 100 } }`");
  }
  if (name === "replace" && typeof text !== "string") {
    throw wrong("nothing comes in its place", "give `{ replace: { text: '42[\"news\"]' } }`");
  }
  if (name === "respond" && !(typeof status === "number" && status >= 200 && status <= 599)) {
    throw wrong(`the status is ${String(status)}`, "give a number from 200 to 599");
  }
  if (name === "malformed" && !malformedNames.includes(String(malformed))) {
    const hint = `one of: ${malformedNames.join(", ")}`;
    throw wrong(`there is no malformed frame "${String(malformed)}"`, hint);
  }
  const orders = name === "malformed" ? ["before", "after", "instead"] : ["before", "after"];
  if (when !== undefined && !orders.includes(when as string)) {
    throw wrong(`\`when\` is ${JSON.stringify(when)}`, `one of: ${orders.join(", ")}`);
  }
}

/** What `sockeye-mock` knows and this does not is told, and not passed over. */
function checkFields(of: string, values: unknown, known: readonly string[]): void {
  if (typeof values !== "object" || values === null) {
    throw wrong(`${of} is ${JSON.stringify(values)}`, "give an object");
  }
  const unknown = Object.keys(values).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const hint = known.length > 0 ? `what there is: ${known.join(", ")}` : "give `{}`";
  throw wrong(
    `${of} has no \`${unknown}\``,
    `${hint}; docs/testing.md says what only sockeye-mock has`,
  );
}

function checkCounts(counts: Record<string, unknown>): void {
  for (const [name, count] of Object.entries(counts)) {
    if (!Number.isInteger(count) || Number(count) < 1)
      throw wrong(`\`${name}\` is ${String(count)}`, "give a whole number from 1");
  }
}

const nameOf = (fault: unknown): string =>
  typeof fault === "string" ? fault : (entryOf(fault)[0] ?? "");

/** An object of one field says which of many it is. */
function entryOf(value: unknown): [name?: string, value?: unknown] {
  if (typeof value !== "object" || value === null) return [];
  const entries = Object.entries(value);
  return entries.length === 1 ? (entries[0] ?? []) : [];
}

const wrong = (message: string, hint: string) =>
  fail("invalid_option", `the rule cannot be used: ${message}`, hint);
