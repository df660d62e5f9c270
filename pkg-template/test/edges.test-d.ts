import { describe, expectTypeOf, test } from "vitest";
import { type AckValue, createClient, type EventValue } from "../src/index.js";

// Maps of real applications have such payloads.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Any = any;

interface Events {
  any: (payload: Any) => void;
  mixed: (room: string, payload: Any) => void;
  optional: (room?: string) => void;
  trailing: (room: string, limit?: number) => void;
  optionalAck: (room: string, ack?: (size: number) => void) => void;
  optionalAnswer: (ack: (error?: string) => void) => void;
}
const client = createClient<Events>("https://example.com");

describe("event maps", () => {
  test("a payload of type any is an argument, not an acknowledgement", () => {
    expectTypeOf<EventValue<Events, "any">>().toBeAny();
    client.emit("any", { x: 1 });
    client.emit("mixed", "lobby", { x: 1 });
  });
  test("one optional argument is a value, not a tuple", () => {
    expectTypeOf<EventValue<Events, "optional">>().toEqualTypeOf<string | undefined>();
    expectTypeOf<AckValue<Events, "optionalAnswer">>().toEqualTypeOf<string | undefined>();
  });
  test("an optional second argument may be missing at run time: then there is no tuple", () => {
    expectTypeOf<string>().toExtend<EventValue<Events, "trailing">>();
  });
  test("an optional acknowledgement is one", () => {
    expectTypeOf<AckValue<Events, "optionalAck">>().toEqualTypeOf<number>();
  });
});
