import { beforeEach, describe, expect, test, vi } from "vitest";
import { connected, idle, recorder, sockeyeError, turn } from "./support/setUp.js";

let report = vi.fn();
beforeEach(() => {
  report = vi.fn();
  vi.stubGlobal("reportError", report);
});

describe("respond()", () => {
  test.each<[string, () => unknown, string]>([
    ["what it returns", () => ({ ok: true }), '[{"ok":true}]'],
    ["what it resolves with", () => Promise.resolve("later"), '["later"]'],
    ["nothing if it returns nothing", () => undefined, "[]"],
    ["nothing if it resolves with nothing", () => Promise.resolve(), "[]"],
    ["null", () => null, "[null]"],
    ["an array as one argument", () => [1, 2], "[[1,2]]"],
    ["false", () => false, "[false]"],
  ])("answers with %s", async (_name, responder, body) => {
    const { client, core } = await connected();
    client.respond("a", responder);
    core.delivers("a", ["x"], { transport: 7, ackId: 3 });
    await turn();
    expect(core.callsOf("acknowledge")).toEqual([[0, 7, 3, body, undefined]]);
    expect(report).not.toHaveBeenCalled();
  });

  test("answers under the id 0", async () => {
    const { client, core } = await connected();
    client.respond("a", () => "yes");
    core.delivers("a", [], { ackId: 0 });
    await turn();
    expect(core.callsOf("acknowledge")).toEqual([[0, 1, 0, '["yes"]', undefined]]);
  });

  test.each<[string, unknown[], unknown]>([
    ["nothing", [], undefined],
    ["one argument", [{ id: 1 }], { id: 1 }],
    ["the tuple of several", [1, 2], [1, 2]],
  ])("is given %s", async (_name, args, value) => {
    const { client, core } = await connected();
    const responder = vi.fn();
    client.respond("a", responder);
    core.delivers("a", args, { ackId: 1 });
    expect(responder.mock.calls).toEqual([[value]]);
  });

  test("answers nothing that needs no answer", async () => {
    const { client, core } = await connected();
    client.respond("a", () => "yes");
    core.delivers("a", [1]);
    await turn();
    expect(core.callsOf("acknowledge")).toEqual([]);
  });

  test.each<[string, () => unknown]>([
    [
      "throws",
      () => {
        throw new Error("bad responder");
      },
    ],
    ["rejects", () => Promise.reject(new Error("bad responder"))],
    ["gives what is no JSON", () => 1n],
  ])("gives the server no answer when it %s, and reports it", async (_name, responder) => {
    const { client, core } = await connected();
    const errors = recorder();
    client.errors.subscribe(errors);
    client.respond("a", responder);
    core.delivers("a", [], { ackId: 1 });
    await turn();
    expect(core.callsOf("acknowledge")).toEqual([]);
    expect(errors.values).toEqual([sockeyeError("listener_error")]);
    expect(report).toHaveBeenCalledOnce();
    expect(errors.values).toMatchObject([{ cause: report.mock.calls[0]?.[0] as unknown }]);
  });

  test("goes on after it has thrown", async () => {
    const { client, core } = await connected();
    client.respond("a", (value) => {
      if (value === 1) throw new Error("bad value");
      return "fine";
    });
    core.delivers("a", [1], { ackId: 1 });
    core.delivers("a", [2], { ackId: 2 });
    await turn();
    expect(core.callsOf("acknowledge")).toEqual([[0, 1, 2, '["fine"]', undefined]]);
  });

  test("answers each event by itself, in whatever order", async () => {
    const { client, core } = await connected();
    const answers: ((value: string) => void)[] = [];
    client.respond("a", () => new Promise<string>((resolve) => answers.push(resolve)));
    core.delivers("a", [], { ackId: 1 });
    core.delivers("a", [], { ackId: 2, transport: 5 });
    answers[1]?.("second");
    await turn();
    answers[0]?.("first");
    await turn();
    expect(core.callsOf("acknowledge")).toEqual([
      [0, 5, 2, '["second"]', undefined],
      [0, 1, 1, '["first"]', undefined],
    ]);
  });

  test("lets subscribers have the event, too", async () => {
    const { client, core } = await connected();
    const got = vi.fn();
    client.respond("a", () => "yes");
    client.on("a").subscribe(got);
    core.delivers("a", [1], { ackId: 1 });
    await turn();
    expect(got).toHaveBeenCalledExactlyOnceWith(1);
    expect(core.callsOf("acknowledge")).toHaveLength(1);
  });

  test("is not disturbed by a subscriber that throws", async () => {
    const { client, core } = await connected();
    client.on("a").subscribe(() => {
      throw new Error("bad listener");
    });
    client.respond("a", () => "yes");
    core.delivers("a", [1], { ackId: 1 });
    await turn();
    expect(core.callsOf("acknowledge")).toHaveLength(1);
  });

  test("leaves without an answer what has no responder", async () => {
    const { client, core } = await connected();
    client.on("a").subscribe(() => "this is no answer");
    core.delivers("a", [1], { ackId: 1 });
    await turn();
    expect(core.callsOf("acknowledge")).toEqual([]);
  });

  test("refuses a reserved name", () => {
    const { client } = idle();
    expect(() => client.respond("disconnect", () => undefined)).toThrow(
      sockeyeError("reserved_event"),
    );
  });
});

describe("a second responder", () => {
  test("is refused, and leaves the first alone", async () => {
    const { client, core } = await connected();
    client.respond("a", () => "first");
    expect(() => client.respond("a", () => "second")).toThrow(sockeyeError("responder_exists"));
    expect(core.callsOf("unlisten")).toEqual([]);
    core.delivers("a", [], { ackId: 1 });
    await turn();
    expect(core.callsOf("acknowledge")).toEqual([[0, 1, 1, '["first"]', undefined]]);
  });

  test("that was refused leaves nothing behind", async () => {
    const { client, core } = await connected();
    const first = client.respond("a", () => "first");
    expect(() => client.respond("a", () => "second")).toThrow();
    first.unsubscribe();
    expect(core.names.size).toBe(0);
  });

  test("may come when the first has gone", async () => {
    const { client, core } = await connected();
    const first = client.respond("a", () => "first");
    first.unsubscribe();
    first.unsubscribe();
    expect(first.closed).toBe(true);
    client.respond("a", () => "second");
    first.unsubscribe();
    core.delivers("a", [], { ackId: 1 });
    await turn();
    expect(core.callsOf("acknowledge")).toEqual([[0, 1, 1, '["second"]', undefined]]);
  });

  test("may have the same event of another namespace", async () => {
    const { client, core } = await connected();
    client.respond("a", () => "root");
    client.namespace("/admin").respond("a", () => "admin");
    core.delivers("a", [], { socket: 1, ackId: 4 });
    core.delivers("a", [], { socket: 0, ackId: 5 });
    await turn();
    expect(core.callsOf("acknowledge")).toEqual([
      [1, 1, 4, '["admin"]', undefined],
      [0, 1, 5, '["root"]', undefined],
    ]);
  });
});

describe("a responder that has unsubscribed", () => {
  test("is not called any more", async () => {
    const { client, core } = await connected();
    const responder = vi.fn();
    client.on("a").subscribe(() => {});
    client.respond("a", responder).unsubscribe();
    core.delivers("a", [], { ackId: 1 });
    expect(responder).not.toHaveBeenCalled();
  });

  test("during the event is not called", async () => {
    const { client, core } = await connected();
    const responder = vi.fn();
    const subscription = client.respond("a", responder);
    client.on("a").subscribe(() => subscription.unsubscribe());
    core.delivers("a", [], { ackId: 1 });
    expect(responder).not.toHaveBeenCalled();
  });

  test("may still give the answer that it is working on", async () => {
    const { client, core } = await connected();
    const subscription = client.respond("a", () => Promise.resolve("yes"));
    core.delivers("a", [], { ackId: 1 });
    subscription.unsubscribe();
    await turn();
    expect(core.callsOf("acknowledge")).toEqual([[0, 1, 1, '["yes"]', undefined]]);
  });
});
