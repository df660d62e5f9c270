/** The store of an outbox that is in the worker, next to the core. */
import "fake-indexeddb/auto";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { StoreCommand } from "../../src/outboxPort.js";
import { memoryOutboxStore } from "../../src/memoryStore.js";
import type { OutboxOptions } from "../../src/outboxOptions.js";
import { IndexedDbStore } from "../../src/ports/indexedDbStore.js";
import { randomId } from "../../src/randomId.js";
import { clientWithWorkers, endAll, type FakeWorker } from "../support/crossing.js";
import { errorData, type FakeCore } from "../support/fakeCore.js";
import { FakeBrowser } from "../support/fakeTabs.js";
import { sockeyeError, turn } from "../support/setUp.js";

let browser: FakeBrowser;
let name: string;
beforeEach(() => {
  browser = new FakeBrowser();
  name = randomId();
  const { navigator, BroadcastChannel } = browser.open();
  vi.stubGlobal("navigator", navigator);
  vi.stubGlobal("BroadcastChannel", BroadcastChannel);
});
afterEach(() => endAll());

const newAction = (key: string) => ({
  ...{ key, event: "save", lane: "default", bytes: 9, attachmentCount: 0 },
  ...{ ackTimeoutMs: 1, resend: true, kills: 0 },
});

const put = (key: string): StoreCommand => ({
  ...{ type: "put", action: newAction(key), payload: { body: `["save","${key}"]` } },
});

/** Has the core want something of the store; resolves with the answer. */
async function want(core: FakeCore, ticket: number, command: StoreCommand) {
  core.events.store(0, ticket, command);
  const find = () => core.callsOf("storeAnswered").find(([, given]) => given === ticket)?.[2];
  await vi.waitFor(() => expect(find()).toBeDefined());
  return find();
}

/** A client whose first core has opened the store. */
async function opened(outbox: OutboxOptions = {}, identity = "") {
  const { client, workers } = clientWithWorkers({
    outbox: { name, ...outbox },
    ...(identity && { identity }),
  });
  const errors: unknown[] = [];
  client.errors.subscribe((error) => errors.push(error));
  client.connect().catch(() => {});
  await vi.waitFor(() => expect(workers).toHaveLength(1));
  const { core } = workers[0] as FakeWorker;
  await vi.waitFor(() => expect(core.callsOf("openOutbox")).toHaveLength(1));
  const answer = await want(core, 0, { type: "open", identity });
  return { client, workers, core, answer, errors };
}

/** What is in the database. */
async function stored(identity = "") {
  const store = new IndexedDbStore({ name }, browser.open());
  const partition = await store.open({ namespace: "/", identity }, () => {});
  const { actions } = await partition.contents();
  partition.close();
  return actions.map(({ key }) => key);
}

test("has what the core wants done next to it, and the page hears what there is", async () => {
  const { client, core, answer } = await opened();
  expect(answer).toMatchObject({ type: "opened", actions: [] });
  expect(await want(core, 1, put("k"))).toMatchObject({ type: "stored", order: 1 });
  expect(await stored()).toEqual(["k"]);
  expect(await want(core, 2, { type: "read" })).toMatchObject({ type: "contents" });
  core.events.action(0, "k", "queued", 0, undefined, []);
  await vi.waitFor(() => expect(client.outbox.items.value).toMatchObject([{ id: "k" }]));
  expect(client.outbox.durability).toBe("strict");
});
