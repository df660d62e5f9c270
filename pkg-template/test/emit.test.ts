import { describe, expect, test } from "vitest";
import { errorData } from "./support/fakeCore.js";
import { connected, idle, sockeyeError } from "./support/setUp.js";

describe("emit()", () => {
  test("sends the JSON of the array of name and arguments", async () => {
    const { client, core } = await connected();
    client.emit("a");
    client.emit("b", 1, "two", [3], { four: null });
    expect(core.callsOf("emit")).toEqual([
      [0, '["a"]', undefined, false],
      [0, '["b",1,"two",[3],{"four":null}]', undefined, false],
    ]);
  });

  test.each<[string, unknown, string]>([
    ["undefined", undefined, "null"],
    ["null", null, "null"],
    ["NaN", NaN, "null"],
    ["an infinity", -Infinity, "null"],
    ["a Date", new Date(0), '"1970-01-01T00:00:00.000Z"'],
    ["what has toJSON", { toJSON: () => ({ x: 1 }) }, '{"x":1}'],
    ["an undefined member", { x: undefined, y: 1 }, '{"y":1}'],
    ["a lone surrogate", "\ud800", '"\\ud800"'],
    ["text beyond ASCII", "日本 🐟\u2028", '"日本 🐟\u2028"'],
    ["a Map", new Map([[1, 2]]), "{}"],
  ])("writes %s as JSON does", async (_name, value, json) => {
    const { client, core } = await connected();
    client.emit("a", value);
    expect(core.callsOf("emit")).toEqual([[0, `["a",${json}]`, undefined, false]]);
  });

  test("writes what JSON.stringify makes of the array, whatever came before", async () => {
    const { client, core } = await connected();
    const placed = { toJSON: (place: unknown) => ({ place }) };
    const events: [string, ...unknown[]][] = [
      ["a", 1],
      ["a", 2],
      ['quo"te\\', Symbol("none"), () => {}, undefined, 3],
      ["a", placed, placed],
      ["", []],
    ];
    for (const event of events) client.emit(...event);
    const bodies = core.callsOf("emit").map(([, body]) => body);
    expect(bodies).toEqual(events.map((event) => JSON.stringify(event)));
  });

  test("writes the arguments at once", () => {
    const { client, loader } = idle();
    const draft = { text: "before" };
    client.emit("a", draft);
    draft.text = "after";
    return loader.succeed().then((core) => {
      expect(core.callsOf("emit")).toEqual([[0, '["a",{"text":"before"}]', undefined, false]]);
    });
  });

  test.each([
    "connect",
    "connect_error",
    "disconnect",
    "disconnecting",
    "newListener",
    "removeListener",
  ])("refuses the reserved name %s", async (name) => {
    const { client, core } = await connected();
    expect(() => client.emit(name)).toThrow(sockeyeError("reserved_event"));
    expect(() => client.with({ volatile: true }).emit(name)).toThrow(
      sockeyeError("reserved_event"),
    );
    expect(core.calls).toEqual([]);
  });

  const circular: Record<string, unknown> = {};
  circular["self"] = circular;
  const broken = {
    toJSON() {
      throw new Error("no JSON of this");
    },
  };
  test.each<[string, unknown]>([
    ["a BigInt", 1n],
    ["a BigInt inside", { deep: [1n] }],
    ["a circular object", circular],
    ["a toJSON that throws", broken],
  ])("refuses %s", async (_name, value) => {
    const { client, core } = await connected();
    const cause = expect.any(Error) as unknown;
    expect(() => client.emit("a", value)).toThrow(sockeyeError("not_serializable", { cause }));
    expect(core.calls).toEqual([]);
  });

  test("throws what the core refuses", async () => {
    const { client, core } = await connected();
    core.refusal = errorData("buffer_full");
    expect(() => client.emit("a")).toThrow(
      sockeyeError("buffer_full", {
        message: "message of buffer_full",
        hint: "hint of buffer_full",
      }),
    );
  });

  test("throws after destroy()", async () => {
    const { client } = await connected();
    await client.destroy();
    expect(() => client.emit("a")).toThrow(sockeyeError("client_destroyed"));
  });
});

describe("with({ volatile })", () => {
  test("sends volatile events", async () => {
    const { client, core } = await connected();
    client.with({ volatile: true }).emit("a", 1);
    client.with({ volatile: false }).emit("b");
    client.with({}).emit("c");
    client.emit("d");
    expect(core.callsOf("emit").map(([, , , volatile]) => volatile)).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });

  test("can be kept", async () => {
    const { client, core } = await connected();
    const sender = client.with({ volatile: true });
    sender.emit("a");
    sender.emit("b");
    expect(core.callsOf("emit")).toHaveLength(2);
  });
});

test("emit() refuses a function in place of an acknowledgement, and names request()", async () => {
  const { client } = await connected();
  expect(() => client.emit("a", () => {})).toThrow(sockeyeError("not_serializable"));
});
