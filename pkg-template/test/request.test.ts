import { describe, expect, test, vi } from "vitest";
import type { SockeyeErrorCode } from "../src/errors.js";
import { errorData } from "./support/fakeCore.js";
import { connected, sockeyeError, turn } from "./support/setUp.js";

describe("request()", () => {
  test("sends the event", async () => {
    const { client, core } = await connected();
    void client.request("a", 1, { b: 2 });
    expect(core.callsOf("request")).toEqual([[0, 0, '["a",1,{"b":2}]', undefined, 10_000]]);
  });

  test.each<[string, unknown[], unknown]>([
    ["the one argument of the answer", [{ id: 1 }], { id: 1 }],
    ["one array, as it is", [[1, 2]], [1, 2]],
    ["undefined for an empty answer", [], undefined],
    ["null", [null], null],
    ["the tuple of several", [null, "ok"], [null, "ok"]],
  ])("resolves with %s", async (_name, args, value) => {
    const { client, core } = await connected();
    const answer = client.request("a");
    core.answers(0, ...args);
    expect(await answer).toEqual(value);
  });

  test("tells requests apart, whatever the order of the answers", async () => {
    const { client, core } = await connected();
    const answers = ["a", "b", "c"].map((name) => client.request(name));
    core.answers(2, "c");
    core.answers(0, "a");
    core.rejects(1, "disconnected");
    expect(await Promise.allSettled(answers)).toMatchObject([
      { value: "a" },
      { reason: { code: "disconnected" } },
      { value: "c" },
    ]);
  });

  test.each<SockeyeErrorCode>(["ack_timeout", "disconnected", "client_destroyed"])(
    "rejects with %s when the core says so",
    async (code) => {
      const { client, core } = await connected();
      const answer = client.request("a");
      core.rejects(0, code);
      await expect(answer).rejects.toEqual(
        sockeyeError(code, { message: `message of ${code}`, hint: `hint of ${code}` }),
      );
    },
  );

  test.each<SockeyeErrorCode>(["buffer_full", "too_many_requests"])(
    "rejects with %s when the core refuses it",
    async (code) => {
      const { client, core } = await connected();
      core.refusal = errorData(code);
      await expect(client.request("a")).rejects.toEqual(sockeyeError(code));
    },
  );

  test.each<[SockeyeErrorCode, string, unknown]>([
    ["reserved_event", "connect", undefined],
    ["not_serializable", "a", 1n],
    ["too_many_attachments", "a", Array(11).fill(new Uint8Array(1))],
  ])("rejects with %s, and never throws", async (code, name, value) => {
    const { client, core } = await connected();
    const answer = client.request(name, value);
    await expect(answer).rejects.toEqual(sockeyeError(code));
    await expect(client.with({ timeoutMs: 5 }).request(name, value)).rejects.toEqual(
      sockeyeError(code),
    );
    expect(core.calls).toEqual([]);
  });

  test("rejects after destroy()", async () => {
    const { client } = await connected();
    await client.destroy();
    await expect(client.request("a")).rejects.toEqual(sockeyeError("client_destroyed"));
  });

  test("settles once", async () => {
    const { client, core } = await connected();
    const settled = vi.fn();
    void client.request("a").then(settled, settled);
    core.answers(0, "first");
    core.answers(0, "second");
    core.rejects(0, "ack_timeout");
    await client.destroy();
    await turn();
    expect(settled.mock.calls).toEqual([["first"]]);
  });

  test("ignores an answer to what nobody has asked", async () => {
    const { core } = await connected();
    expect(() => core.events.settled(99, undefined, [1])).not.toThrow();
    expect(() => core.events.settled(99, errorData("ack_timeout"), [])).not.toThrow();
  });
});

describe("the time-out", () => {
  test("is that of the client unless a request has its own", async () => {
    const { client, core } = await connected({ requestTimeoutMs: 700 });
    void client.request("a");
    void client.with({ timeoutMs: 5 }).request("b");
    void client.with({}).request("c");
    void client.namespace("/x").request("d");
    expect(core.callsOf("request").map(([, , , , timeoutMs]) => timeoutMs)).toEqual([
      700, 5, 700, 700,
    ]);
  });
});

describe("an AbortSignal", () => {
  test("that has aborted before sends nothing", async () => {
    const { client, core } = await connected();
    const cause = new Error("not wanted");
    const answer = client.with({ signal: AbortSignal.abort(cause) }).request("a");
    await expect(answer).rejects.toEqual(sockeyeError("aborted", { cause }));
    expect(core.calls).toEqual([]);
  });

  test("gives the request up", async () => {
    const { client, core } = await connected();
    const controller = new AbortController();
    const answer = client.with({ signal: controller.signal }).request("a");
    const cause = new Error("changed my mind");
    controller.abort(cause);
    await expect(answer).rejects.toEqual(sockeyeError("aborted", { cause }));
    expect(core.callsOf("cancel")).toEqual([[0, 0]]);
  });

  test("has no effect after the answer", async () => {
    const { client, core } = await connected();
    const controller = new AbortController();
    const answer = client.with({ signal: controller.signal }).request("a");
    core.answers(0, "yes");
    expect(await answer).toBe("yes");
    controller.abort();
    await turn();
    expect(core.callsOf("cancel")).toEqual([]);
  });

  test("that aborts in the same turn as the answer does not change it", async () => {
    const { client, core } = await connected();
    const controller = new AbortController();
    const answer = client.with({ signal: controller.signal }).request("a");
    core.answers(0, "yes");
    controller.abort();
    expect(await answer).toBe("yes");
  });

  test("makes a late answer meaningless", async () => {
    const { client, core } = await connected();
    const controller = new AbortController();
    const settled = vi.fn();
    client.with({ signal: controller.signal }).request("a").then(settled, settled);
    controller.abort();
    core.answers(0, "late");
    await turn();
    expect(settled.mock.calls).toEqual([[sockeyeError("aborted")]]);
  });

  test("is let go of when the request has settled", async () => {
    const { client, core } = await connected();
    const { signal } = new AbortController();
    const [add, remove] = [
      vi.spyOn(signal, "addEventListener"),
      vi.spyOn(signal, "removeEventListener"),
    ];
    const answers = ["a", "b"].map((name) => client.with({ signal }).request(name));
    core.answers(0);
    core.rejects(1, "ack_timeout");
    await Promise.allSettled(answers);
    expect(add).toHaveBeenCalledTimes(2);
    expect(remove.mock.calls.map(([, listener]) => listener)).toEqual(
      add.mock.calls.map(([, listener]) => listener),
    );
  });

  test("may give up many", async () => {
    const { client, core } = await connected();
    const controller = new AbortController();
    const sender = client.with({ signal: controller.signal });
    const answers = Promise.allSettled([sender.request("a"), sender.request("b")]);
    controller.abort();
    expect(await answers).toMatchObject([
      { reason: { code: "aborted" } },
      { reason: { code: "aborted" } },
    ]);
    expect(core.callsOf("cancel")).toEqual([
      [0, 0],
      [0, 1],
    ]);
  });

  test("does not concern emit()", async () => {
    const { client, core } = await connected();
    client.with({ signal: AbortSignal.abort() }).emit("a");
    expect(core.callsOf("emit")).toHaveLength(1);
  });
});
