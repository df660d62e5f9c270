/** Binary values on their way out; what is taken out of what is the matter of `extractAttachments`. */
import { describe, expect, test } from "vitest";
import { connected, idle, recorder, sockeyeError, turn } from "./support/setUp.js";

const placeholder = (num: number) => `{"_placeholder":true,"num":${num}}`;
const bytes = (length: number) => new Uint8Array(length);

describe("emit()", () => {
  test.each<[string, unknown]>([
    ["an ArrayBuffer", new ArrayBuffer(1)],
    ["a Uint8Array", bytes(1)],
    ["a Float64Array", new Float64Array(1)],
    ["a DataView", new DataView(new ArrayBuffer(1))],
    ["a Buffer", Buffer.from("x")],
    ["a Blob", new Blob(["x"])],
    ["a File", new File(["x"], "x.txt")],
  ])("sends %s beside the JSON, as it is", async (_name, value) => {
    const { client, core } = await connected();
    client.emit("a", 1, value);
    expect(core.callsOf("emit")).toEqual([[0, `["a",1,${placeholder(0)}]`, [value], false]]);
    expect(core.callsOf("emit")[0]?.[2]?.[0]).toBe(value);
  });

  test("numbers what is nested, and leaves the arguments alone", async () => {
    const { client, core } = await connected();
    const [first, second] = [bytes(1), bytes(2)];
    const file = { parts: [first, "text"], last: second };
    client.with({ volatile: true }).emit("a", file);
    const body = `["a",{"parts":[${placeholder(0)},"text"],"last":${placeholder(1)}}]`;
    expect(core.callsOf("emit")).toEqual([[0, body, [first, second], true]]);
    expect(file).toEqual({ parts: [first, "text"], last: second });
  });

  test("sends as many as servers take, and refuses more", async () => {
    const { client, core } = await connected();
    client.emit("a", Array(10).fill(bytes(1)));
    expect(core.callsOf("emit")[0]?.[2]).toHaveLength(10);
    expect(() => client.emit("a", Array(11).fill(bytes(1)))).toThrow(
      sockeyeError("too_many_attachments"),
    );
    expect(core.calls).toHaveLength(1);
  });
});

test("request() sends attachments", async () => {
  const { client, core } = await connected();
  const value = bytes(3);
  void client.request("a", value);
  expect(core.callsOf("request")).toEqual([[0, 0, `["a",${placeholder(0)}]`, [value], 10_000]]);
});

describe("a responder", () => {
  test("answers with attachments", async () => {
    const { client, core } = await connected();
    const value = bytes(3);
    client.respond("a", () => ({ value }));
    core.delivers("a", [], { ackId: 7 });
    await turn();
    expect(core.callsOf("acknowledge")).toEqual([
      [0, 1, 7, `[{"value":${placeholder(0)}}]`, [value]],
    ]);
  });

  test("that answers with too many is reported", async () => {
    const { client, core } = await connected();
    const errors = recorder();
    client.errors.subscribe(errors);
    client.respond("a", () => Array<Uint8Array>(11).fill(bytes(1)));
    core.delivers("a", [], { ackId: 7 });
    await turn();
    const cause = sockeyeError("too_many_attachments");
    expect(errors.values).toEqual([sockeyeError("listener_error", { cause })]);
    expect(core.callsOf("acknowledge")).toEqual([]);
  });
});

test("binary values come inside of the arguments", async () => {
  const { client, core } = await connected();
  const got = recorder();
  client.on("a").subscribe(got);
  const { buffer } = bytes(2);
  core.delivers("a", [{ buffer }]);
  expect(got.values).toEqual([{ buffer }]);
});

test.each<[string, unknown]>([
  ["bytes", { key: bytes(1) }],
  ["more bytes than an event can carry", { keys: Array(11).fill(bytes(1)) }],
])("auth cannot hold %s", async (_name, auth) => {
  const { client, core } = await connected({ auth: auth as Record<string, unknown> });
  core.needsAuth(3);
  await turn();
  expect(core.callsOf("failAuthentication")).toEqual([[0, 3]]);
  core.fails("auth_failed", 0);
  core.says("waiting", { cause: "auth_failed" });
  expect(client.status.value).toMatchObject({
    cause: { cause: sockeyeError("binary_unsupported") },
  });
});

describe("what waits for the core", () => {
  test("keeps its attachments", async () => {
    const { client, loader } = idle();
    const [event, request] = [bytes(1), bytes(2)];
    client.emit("a", event);
    void client.request("b", request).catch(() => {});
    const core = await loader.succeed();
    expect(core.callsOf("emit").map(([, , attachments]) => attachments)).toEqual([[event]]);
    expect(core.callsOf("request").map(([, , , attachments]) => attachments)).toEqual([[request]]);
    await client.destroy();
  });

  test.each<[string, (length: number) => unknown]>([
    ["bytes", bytes],
    ["the bytes of a view", (length) => new DataView(new ArrayBuffer(length + 5), 5)],
    ["a Blob", (length) => new Blob([bytes(length)])],
  ])("counts %s", (_name, make) => {
    const { client } = idle();
    const rest = 8_000_000 - `["a",${placeholder(0)}]`.length;
    expect(() => client.emit("a", make(rest + 1))).toThrow(sockeyeError("buffer_full"));
    expect(() => client.emit("a", make(rest))).not.toThrow();
    expect(() => client.emit("b")).toThrow(sockeyeError("buffer_full"));
  });
});
