import { describe, expect, test, vi } from "vitest";
import type { TopicState } from "../src/continuityPort.js";
import { errorData } from "./support/fakeCore.js";
import { connected, idle, recorder, sockeyeError, turn } from "./support/setUp.js";

const room = { join: ["join", { room: 1 }], leave: ["leave", { room: 1 }] } as const;
const key = '["join",{"room":1}]';

const retained = async () => {
  const setting = await connected();
  const topic = setting.client.topic(room);
  const subscription = topic.retain();
  const says = (state: TopicState, args: unknown[] = []) =>
    setting.core.events.topic(0, topic.key, state, undefined, args);
  return { ...setting, topic, subscription, says };
};

describe("a topic", () => {
  test("is joined while somebody retains it", async () => {
    const { client, core } = await connected();
    const topic = client.topic(room);
    expect(core.calls).toEqual([]);
    const first = topic.retain();
    const second = topic.retain();
    const join = '["join",{"room":1}]';
    expect(core.callsOf("retainTopic")).toEqual([
      [0, key, join, '["leave",{"room":1}]', undefined],
    ]);
    first.unsubscribe();
    first.unsubscribe();
    expect(core.callsOf("releaseTopic")).toEqual([]);
    second.unsubscribe();
    expect(core.callsOf("releaseTopic")).toEqual([[0, key]]);
  });

  test("is the same for the same key while it is retained", async () => {
    const { client, core } = await connected();
    const one = client.topic(room);
    one.retain();
    expect(client.topic(room)).toBe(one);
    client.topic(room).retain();
    expect(client.topic({ ...room, key: "other" })).not.toBe(one);
    expect(core.callsOf("retainTopic")).toHaveLength(1);
  });

  test("is one also if several handles were made before it was retained", async () => {
    const { client, core } = await connected();
    const [one, other] = [client.topic(room), client.topic(room)];
    const [first, second] = [one.retain(), other.retain()];
    expect(core.callsOf("retainTopic")).toHaveLength(1);
    core.events.topic(0, key, "live", undefined, [1]);
    await expect(Promise.all([one.ready, other.ready])).resolves.toEqual([1, 1]);
    const late = client.topic(room);
    expect(late).toBe(one);
    first.unsubscribe();
    expect(core.callsOf("releaseTopic")).toEqual([]);
    expect(other.status.value).toEqual({ state: "live" });
    one.retain();
    await expect(one.ready).resolves.toBe(1);
    one.retain();
    second.unsubscribe();
    expect(core.callsOf("releaseTopic")).toEqual([]);
    await client.destroy();
    expect(core.callsOf("retainTopic")).toHaveLength(1);
  });

  test("of what cannot be written as JSON throws what `emit` throws", async () => {
    const { client } = await connected();
    expect(() => client.topic({ join: ["a", 1n] })).toThrow(sockeyeError("not_serializable"));
  });

  test("has a status and the answer to its join", async () => {
    const { topic, says } = await retained();
    const statuses = recorder();
    topic.status.subscribe(statuses);
    const { ready } = topic;
    says("joining");
    says("live", [{ members: 3 }]);
    await expect(ready).resolves.toEqual({ members: 3 });
    await expect(topic.ready).resolves.toEqual({ members: 3 });
    expect(statuses.values).toEqual([{ state: "idle" }, { state: "joining" }, { state: "live" }]);
    says("joining");
    const again = vi.fn();
    void topic.ready.then(again);
    await turn();
    expect(again).not.toHaveBeenCalled();
    says("live", [4]);
    await expect(topic.ready).resolves.toBe(4);
  });

  test("that cannot be joined says why, and may be live later", async () => {
    const { core, topic, says } = await retained();
    core.events.topic(0, key, "failed", errorData("ack_timeout"), []);
    const error = sockeyeError("topic_failed", { cause: sockeyeError("ack_timeout") });
    await expect(topic.ready).rejects.toEqual(error);
    expect(topic.status.value).toEqual({ state: "failed", error });
    says("joining");
    says("live", [1]);
    await expect(topic.ready).resolves.toBe(1);
    expect(topic.status.value).toEqual({ state: "live" });
  });

  test("that nobody wants any more is idle, and can be retained again", async () => {
    const { client, core, topic, subscription, says } = await retained();
    const { ready } = topic;
    subscription.unsubscribe();
    await expect(ready).rejects.toEqual(sockeyeError("aborted"));
    says("live");
    expect(topic.status.value).toEqual({ state: "idle" });
    topic.retain();
    expect(core.callsOf("retainTopic")).toHaveLength(2);
    expect(client.topic(room)).toBe(topic);
  });

  test("is told to a core that comes later, if somebody wants it still", async () => {
    const { client, loader } = idle();
    client.topic(room).retain();
    client
      .topic({ join: ["join", 2] })
      .retain()
      .unsubscribe();
    expect(loader.count).toBe(0);
    void client.connect();
    const core = await loader.succeed();
    expect(core.callsOf("retainTopic").map(([, topic]) => topic)).toEqual([key]);
  });

  test("ends with the client", async () => {
    const { client, topic } = await retained();
    const statuses = recorder();
    topic.status.subscribe(statuses);
    await client.destroy();
    await expect(topic.ready).rejects.toEqual(sockeyeError("client_destroyed"));
    expect(statuses.ends).toEqual(["complete"]);
    expect(() => topic.retain()).toThrow(sockeyeError("client_destroyed"));
  });

  test("holds what `emit` can send, but no binary values", async () => {
    const { client } = await connected();
    expect(() => client.topic({ join: ["connect"] })).toThrow(sockeyeError("reserved_event"));
    const binary = () => client.topic({ join: ["a", new Uint8Array(1)] });
    expect(binary).toThrow(sockeyeError("binary_unsupported"));
  });

  test("tells of each status in order when a listener retains and releases", async () => {
    const { topic, subscription, says } = await retained();
    topic.status.subscribe(({ state }) => {
      if (state === "live") subscription.unsubscribe();
    });
    const states: TopicState[] = [];
    topic.status.subscribe(({ state }) => states.push(state));
    says("live");
    expect(states).toEqual(["idle", "live", "idle"]);
  });
});

describe("a topic that an event confirms", () => {
  const confirmed = async (match: (value: unknown) => boolean) => {
    const setting = await connected();
    const confirm = { event: "joined", match };
    const subscription = setting.client.topic({ ...room, confirm }).retain();
    const number = setting.core.names.get("joined") ?? -1;
    const says = (...args: unknown[]) =>
      setting.core.events.confirming(0, number, ["joined", ...args]);
    return { ...setting, subscription, number, says };
  };

  test("tells the core the event's number, and which event it was", async () => {
    const { core, number, says } = await confirmed((value) => value === 1);
    expect(core.callsOf("retainTopic")[0]?.[4]).toBe(number);
    says(2);
    core.events.confirming(0, number + 1, ["other", 1]);
    expect(core.callsOf("topicConfirmed")).toEqual([]);
    says(1);
    expect(core.callsOf("topicConfirmed")).toEqual([[0, key]]);
  });

  test("listens to the event for as long as it is retained", async () => {
    const { core, subscription } = await confirmed(() => true);
    expect(core.names.has("joined")).toBe(true);
    subscription.unsubscribe();
    expect(core.names.has("joined")).toBe(false);
  });

  test("reports what throws, and goes on", async () => {
    const report = vi.fn();
    vi.stubGlobal("reportError", report);
    const { client, core, says } = await confirmed(() => {
      throw new Error("bad matcher");
    });
    client.topic({ join: ["b"], confirm: { event: "joined", match: () => true } }).retain();
    says(1);
    expect(report).toHaveBeenCalledOnce();
    expect(core.callsOf("topicConfirmed")).toEqual([[0, '["b"]']]);
  });
});
