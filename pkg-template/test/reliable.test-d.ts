import { describe, expectTypeOf, test } from "vitest";
import {
  type Action,
  type Continuity,
  createClient,
  type Gap,
  nest,
  type OutboxItem,
  type OutboxStore,
  type Sender,
  type StateObservable,
  type Subscription,
  type Topic,
} from "../src/index.js";
import { memoryOutboxStore } from "../src/stores.js";

interface Listen {
  joined: (payload: { room: string }) => void;
  exception: (payload: { message: string }) => void;
}

interface Emit {
  save: (draft: { title: string }, ack: (id: number) => void) => void;
  join: (room: string, ack: (members: string[]) => void) => void;
  leave: (room: string) => void;
}

const client = createClient<Listen, Emit>("https://example.com");

describe("enqueue()", () => {
  test("takes the arguments of events that are acknowledged, and gives their answer", () => {
    const action = client.enqueue("save", { title: "a" });
    expectTypeOf(action).toEqualTypeOf<Action<number>>();
    expectTypeOf(action.result).toEqualTypeOf<Promise<number>>();
    expectTypeOf(action.accepted).toEqualTypeOf<Promise<void>>();
    expectTypeOf(action.cancel()).toEqualTypeOf<Promise<boolean>>();
    expectTypeOf(client.with({ lane: "a" }).enqueue("save", { title: "a" })).toEqualTypeOf<
      Action<number>
    >();
  });

  test("refuses other arguments, and events that nobody acknowledges", () => {
    // @ts-expect-error -- no title
    client.enqueue("save", {});
    // @ts-expect-error -- the acknowledgement is not an argument
    client.enqueue("save", { title: "a" }, () => {});
    // @ts-expect-error -- `leave` has no acknowledgement
    client.enqueue("leave", "a");
    // @ts-expect-error -- no such option
    client.with({ priority: 1 });
  });

  test("takes anything where no events are declared", () => {
    expectTypeOf(createClient("https://example.com").enqueue("a", 1, 2).event).toBeString();
  });
});

describe("the outbox", () => {
  test("has the documented members", () => {
    expectTypeOf(client.outbox.items).toEqualTypeOf<StateObservable<readonly OutboxItem[]>>();
    expectTypeOf(client.outbox.get("id")).toEqualTypeOf<Action | undefined>();
    expectTypeOf(client.outbox.clear()).toEqualTypeOf<Promise<number>>();
    expectTypeOf(client.outbox.nack("exception", nest)).toEqualTypeOf<Subscription>();
    expectTypeOf(client.outbox.durability).toEqualTypeOf<"memory" | "relaxed" | "strict">();
    expectTypeOf(memoryOutboxStore()).toEqualTypeOf<OutboxStore>();
  });
});

describe("topic()", () => {
  test("takes events of the maps, and is ready with the answer of `join`", () => {
    const topic = client.topic({ join: ["join", "kitchen"], leave: ["leave", "kitchen"] });
    expectTypeOf(topic).toEqualTypeOf<Topic<string[]>>();
    expectTypeOf(topic.ready).toEqualTypeOf<Promise<string[]>>();
    expectTypeOf(topic.retain()).toEqualTypeOf<Subscription>();
  });

  test("needs no acknowledgement where an event confirms it", () => {
    const topic = client.topic({
      join: ["leave", "kitchen"],
      confirm: { event: "joined", match: ({ room }) => room === "kitchen" },
    });
    expectTypeOf(topic).toEqualTypeOf<Topic<undefined>>();
  });

  test("refuses others", () => {
    // @ts-expect-error -- a room is a text
    client.topic({ join: ["join", 1] });
    // @ts-expect-error -- nobody acknowledges `leave`
    client.topic({ join: ["leave", "kitchen"] });
    // @ts-expect-error -- servers send no `left`
    client.topic({ join: ["join", "a"], confirm: { event: "left", match: () => true } });
  });
});

describe("continuity", () => {
  test("has the documented members", () => {
    expectTypeOf(client.continuity).toEqualTypeOf<StateObservable<Continuity | undefined>>();
    client.onGap((gap) => expectTypeOf(gap).toEqualTypeOf<Gap>());
    client.onConnected((first) => expectTypeOf(first).toEqualTypeOf<Sender<Emit>>());
    client.onConnected(async (first) => {
      expectTypeOf(await first.request("save", { title: "a" })).toEqualTypeOf<number>();
    });
    client.emitLatest("key", "leave", "a");
    expectTypeOf(client.hold("joined", 1)).toEqualTypeOf<Subscription>();
    // @ts-expect-error -- servers send no `left`
    client.hold("left", 1);
  });
});
