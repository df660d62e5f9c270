import { describe, expect, test } from "vitest";
import { type LiveState, presence } from "../../src/index.js";
import type { FakeCore } from "../support/fakeCore.js";
import { connected, recorder, turn } from "../support/setUp.js";

interface User {
  id: string;
  name: string;
}
interface Events {
  joined: (user: User) => void;
  left: (user: { id: string }) => void;
  everyone: (users: User[]) => void;
}
const entries = (users: readonly User[]) => users.map((user) => [user.id, user] as const);
const ann = { id: "a", name: "Ann" };
const bob = { id: "b", name: "Bob" };
const events = {
  joined: (user: User) => ({ joined: entries([user]) }),
  left: ({ id }: { id: string }) => ({ left: [id] }),
  everyone: (users: User[]) => ({ all: entries(users) }),
};

async function watching(list?: () => Promise<readonly (readonly [string, User])[]>) {
  const setting = await connected<Events>();
  const users = presence<Events, Events, string, User>(setting.client, { events, list });
  const told = recorder<LiveState<ReadonlyMap<string, User>>>();
  const subscription = users.subscribe(told);
  await turn();
  const last = () => told.values.at(-1);
  return { ...setting, told, subscription, last, names: () => [...(last()?.value?.keys() ?? [])] };
}

async function gap(core: FakeCore) {
  core.events.continuity(0, { kind: "gap", connection: 2, isLate: false });
  core.events.gapHookNeeded(0, 2);
  await turn();
}

describe("presence", () => {
  test("begins with the list, and has who joins and not who leaves", async () => {
    const { core, told, names } = await watching(() => Promise.resolve(entries([ann])));
    expect(names()).toEqual(["a"]);
    core.delivers("joined", [bob]);
    core.delivers("left", [{ id: "a" }]);
    expect(names()).toEqual(["b"]);
    // Each is a map of its own.
    expect(told.values.map(({ value }) => value?.size)).toEqual([undefined, 1, 2, 1]);
  });

  test("asks for the list again after a gap, and believes it", async () => {
    const lists = [[ann, bob], [bob]];
    const { core, names, last } = await watching(() =>
      Promise.resolve(entries(lists.shift() ?? [])),
    );
    expect(names()).toEqual(["a", "b"]);
    await gap(core);
    expect(names()).toEqual(["b"]);
    expect(last()?.state).toBe("live");
  });

  test("counts from nobody where there is no list", async () => {
    const { core, names, last } = await watching();
    expect(last()).toMatchObject({ state: "live" });
    core.delivers("joined", [ann]);
    expect(names()).toEqual(["a"]);
  });

  test("is stale after a gap until the server says who is there", async () => {
    const { core, names, last } = await watching();
    core.delivers("everyone", [[ann]]);
    await gap(core);
    core.delivers("joined", [bob]);
    expect([last()?.state, names()]).toEqual(["stale", ["a", "b"]]);
    core.delivers("everyone", [[bob]]);
    expect([last()?.state, names()]).toEqual(["live", ["b"]]);
  });

  test("listens to nothing when nobody watches", async () => {
    const { core, subscription } = await watching();
    subscription.unsubscribe();
    expect([...core.names.keys()]).toEqual([]);
  });
});
