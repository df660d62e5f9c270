/** Pages that share a core: who is asked, who is told, and what follows when one goes. */
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { CoreEvents, CoreOptions } from "../../src/port.js";
import { tellings } from "../../src/worker/messages.js";
import type { SeatListener } from "../../src/worker/storeSeat.js";
import type { StoringCore } from "../../src/worker/storingCore.js";
import { Hubs } from "../../src/worker/shared/hubs.js";
import { errorData, FakeCore } from "../support/fakeCore.js";
import { turn } from "../support/setUp.js";

type Listeners = { [Name in keyof CoreEvents]: ReturnType<typeof vi.fn> };

/** All cores that were made. */
const cores: FakeCore[] = [];
/** What is asked of their stores, and who is told of them. */
const seats = {
  seatStore: vi.fn<StoringCore["seatStore"]>(),
  listener: undefined as SeatListener | undefined,
};
const seat = {
  begin: vi.fn<() => void>(),
  load: vi.fn(() => Promise.resolve("[]")),
  discard: vi.fn(() => Promise.resolve()),
  abandon: vi.fn(() => Promise.resolve()),
};
let hubs: Hubs;
beforeEach(() => {
  cores.length = 0;
  vi.clearAllMocks();
  seats.seatStore.mockImplementation((...[, , , listener]) => {
    seats.listener = listener;
    return seat;
  });
  hubs = new Hubs((options, events) => {
    const core = new FakeCore(options, events);
    cores.push(core);
    return Promise.resolve(Object.assign(core, { seatStore: seats.seatStore }));
  });
});

interface Page {
  tab: StoringCore;
  events: Listeners;
  options: CoreOptions;
}

const optionsOf = (overrides: Partial<CoreOptions>) =>
  ({
    ...{ identity: "", webSocketUrl: "wss://example.com", addressOnDemand: false },
    ...{ positions: {}, unproved: [], seed: Math.random(), store: "store", hasAuth: false },
    ...overrides,
  }) as CoreOptions;

/** A page with the namespace `/`, not connected. */
async function open(overrides: Partial<CoreOptions> = {}, hasAuth = false): Promise<Page> {
  const names = [...tellings, "status", "delivered"] as const;
  const events = Object.fromEntries(names.map((name) => [name, vi.fn()])) as Listeners;
  events.delivered.mockImplementation(() => (tab.keepDelivery(), true));
  const options = optionsOf(overrides);
  const tab: StoringCore = await hubs.join(options, events as unknown as CoreEvents);
  tab.socket("/", hasAuth);
  return { tab, events, options };
}

/** Pages that share the one core, which is connected. */
async function share(count: number): Promise<[FakeCore, ...Page[]]> {
  const pages = await Promise.all(Array.from({ length: count }, () => open()));
  for (const { tab } of pages) tab.connect(0);
  const [core] = cores as [FakeCore];
  connects(core);
  return [core, ...pages];
}

function connects(core: FakeCore, id = "id", connection = 1) {
  core.events.accepted(0, id, false);
  core.says("connected");
  core.events.continuity(0, { kind: "fresh", connection, isLate: false });
}

const statesOf = ({ events }: Page) => events.status.mock.calls.map(([, state]) => state as string);
const toldOf = ({ events }: Page) =>
  events.delivered.mock.calls.map(([, , args]) => args as unknown);

describe("who shares", () => {
  test("those with the same options and user do, whatever is their own", async () => {
    await open({ seed: 1, positions: { "/": [["stream", "epoch", 1]] } });
    await open({ seed: 2, unproved: ["/"], keepPositions: true });
    expect(cores).toHaveLength(1);
  });

  test.each<Partial<CoreOptions>>([
    { identity: "bob" },
    { webSocketUrl: "wss://other.example.com" },
    { extraHeaders: { a: "b" } },
    { withCredentials: true },
    { connectTimeoutMs: 5 },
  ])("%o keeps pages apart", async (other) => {
    await open();
    await open(other);
    expect(cores).toHaveLength(2);
  });

  test("those do that say who the user is, with and without auth", async () => {
    await open({ hasAuth: true, identity: "alice" });
    await open({ identity: "alice" });
    expect(cores).toHaveLength(1);
  });

  test("a page that has auth is alone while it has no user", async () => {
    const page = await open({ hasAuth: true, identity: "alice" });
    await open({ identity: "" });
    page.tab.setIdentity("");
    await turn();
    expect(cores).toHaveLength(3);
  });

  test.each<Partial<CoreOptions>>([
    { addressOnDemand: true },
    { store: undefined },
    { hasAuth: true },
  ])("nobody does with %o, as others may mean something else by it", async (options) => {
    await open(options);
    await open(options);
    expect(cores).toHaveLength(2);
  });

  test("a core that cannot be made is told, and tried again for the next page", async () => {
    const make = vi.fn().mockRejectedValueOnce(errorData("wasm_unavailable"));
    hubs = new Hubs(make);
    await expect(open()).rejects.toMatchObject({ code: "wasm_unavailable" });
    make.mockImplementation((options: CoreOptions, events: CoreEvents) =>
      Promise.resolve(Object.assign(new FakeCore(options, events), seats)),
    );
    await open();
    expect(make).toHaveBeenCalledTimes(2);
  });

  test("the last one to leave ends the core, and the next page has another", async () => {
    const [one, two] = [await open(), await open()];
    one.tab.destroy();
    expect(cores[0]?.callsOf("destroy")).toEqual([]);
    two.tab.destroy();
    expect(cores[0]?.callsOf("destroy")).toHaveLength(1);
    await open();
    expect(cores).toHaveLength(2);
  });

  test("a failure is told to all, and the next page has another core", async () => {
    const pages = [await open(), await open()];
    cores[0]?.dies();
    for (const { events, tab } of pages) {
      expect(events.coreFailed).toHaveBeenCalledOnce();
      expect(tab.isAlive()).toBe(false);
    }
    await open();
    expect(cores).toHaveLength(2);
  });
});

describe("a namespace", () => {
  test("is connected for the first, and disconnected when the last one leaves", async () => {
    const [core, one, two] = await share(2);
    expect(core.callsOf("socket")).toEqual([["/", true]]);
    expect(core.callsOf("connect")).toEqual([[0]]);
    one?.tab.disconnect(0);
    expect(statesOf(one as Page).at(-1)).toBe("disconnected");
    expect(core.callsOf("disconnect")).toEqual([]);
    two?.tab.destroy();
    expect(core.callsOf("disconnect")).toEqual([[0]]);
  });

  test("has the same status for all that want it, and for who comes later", async () => {
    const [core, one] = await share(1);
    const late = await open();
    expect(late.events.status).not.toHaveBeenCalled();
    late.tab.connect(0);
    expect(late.events.accepted.mock.calls).toEqual([[0, "id", false]]);
    expect(statesOf(late)).toEqual(["connected"]);
    expect(late.events.continuity.mock.calls).toEqual([
      [0, { kind: "fresh", connection: 1, isLate: false }],
    ]);
    core.says("waiting", { retryInMs: 5 });
    expect(statesOf(one as Page)).toEqual(["connected", "waiting"]);
    expect(statesOf(late)).toEqual(["connected", "waiting"]);
  });

  test("has the numbers that the page has given", async () => {
    const one = await open();
    one.tab.socket("/b", false);
    const two = await open();
    two.tab.socket("/c", false);
    two.tab.socket("/b", false);
    expect(cores[0]?.callsOf("socket").map(([name]) => name)).toEqual(["/", "/b", "/c"]);
    two.tab.connect(2);
    expect(cores[0]?.callsOf("connect")).toEqual([[1]]);
    cores[0]?.says("connecting", { socket: 1 });
    expect(two.events.status.mock.lastCall?.slice(0, 2)).toEqual([2, "connecting"]);
    expect(one.events.status).not.toHaveBeenCalled();
  });

  test("is wanted by nobody any more when the server has disconnected it", async () => {
    const [core, one, two] = await share(2);
    core.says("disconnected", { cause: "server_disconnect" });
    expect(statesOf(two as Page).at(-1)).toBe("disconnected");
    one?.tab.connect(0);
    expect(core.callsOf("connect")).toHaveLength(2);
    core.says("connecting");
    expect(statesOf(one as Page).at(-1)).toBe("connecting");
    expect(statesOf(two as Page).at(-1)).toBe("disconnected");
  });

  test("continues nothing for who was away while others were there", async () => {
    const [core, one, two] = await share(2);
    one?.tab.disconnect(0);
    one?.tab.connect(0);
    expect(one?.events.continuity.mock.lastCall?.[1]).toEqual({
      ...{ kind: "gap", cause: "no_proof", connection: 2, isLate: false },
    });
    two?.tab.disconnect(0);
    core.delivered[0] = [["stream", "epoch", 3]];
    two?.tab.connect(0);
    expect(two?.events.continuity.mock.lastCall?.[1]).toMatchObject({ kind: "gap" });
    two?.tab.disconnect(0);
    two?.tab.connect(0); // nothing has come meanwhile
    expect(two?.events.continuity.mock.lastCall?.[1]).toMatchObject({ kind: "resumed" });
  });

  test("continues what the core says for who was the last to leave it", async () => {
    const [core, one] = await share(1);
    one?.tab.disconnect(0);
    core.says("disconnected", { cause: "client_disconnect" });
    one?.tab.connect(0);
    core.events.accepted(0, "next", false);
    core.says("connected");
    core.events.continuity(0, { kind: "resumed", connection: 4, isLate: false });
    expect(one?.events.continuity.mock.lastCall?.[1]).toMatchObject({ kind: "resumed" });
    expect(statesOf(one as Page)).toEqual(["connected", "disconnected", "connected"]);
  });
});

describe("events", () => {
  test("reach exactly the pages that listen and are connected, under their numbers", async () => {
    const [core, one, two, three] = (await share(3)) as [FakeCore, Page, Page, Page];
    one.tab.listen("news", 7);
    two.tab.listen("news", 9);
    three.tab.listenAny(2);
    const idle = await open();
    idle.tab.listen("news", 1);
    core.delivers("news", ["x"]);
    core.delivers("other");
    expect(one.events.delivered.mock.calls).toEqual([[0, 7, ["news", "x"], 1, -1]]);
    expect(two.events.delivered.mock.calls).toEqual([[0, 9, ["news", "x"], 1, -1]]);
    expect(toldOf(three)).toEqual([["news", "x"], ["other"]]);
    expect(idle.events.delivered).not.toHaveBeenCalled();
  });

  test("come from the core as long as one page listens", async () => {
    const [core, one, two] = (await share(2)) as [FakeCore, Page, Page];
    one.tab.listen("news", 7);
    two.tab.listen("news", 9);
    one.tab.unlisten("news");
    expect(core.names.has("news")).toBe(true);
    two.tab.destroy();
    expect(core.names.has("news")).toBe(false);
    one.tab.listenAny(3);
    expect(core.any).toBeDefined();
    one.tab.unlistenAny();
    expect(core.any).toBeUndefined();
  });

  test("are answered by the first that answers", async () => {
    const [core, one, two] = (await share(2)) as [FakeCore, Page, Page];
    one.tab.listen("ask", 0);
    two.tab.listen("ask", 0);
    core.delivers("ask", [], { ackId: 5 });
    two.tab.acknowledge(0, 1, 5, "[2]", undefined);
    one.tab.acknowledge(0, 1, 5, "[1]", undefined);
    expect(core.callsOf("acknowledge")).toEqual([[0, 1, 5, "[2]", undefined]]);
  });

  test("have failed where they failed everywhere, and are released when all have them", async () => {
    const [core, one, two] = (await share(2)) as [FakeCore, Page, Page];
    const kept: number[] = [];
    for (const { tab, events } of [one, two]) {
      tab.listen("news", 0);
      events.delivered.mockImplementation(() => kept.push(tab.keepDelivery()) > 0);
    }
    core.kept = 8;
    core.delivers("news");
    const [number] = kept as [number, number];
    expect(kept).toEqual([number, number]);
    one.tab.failDelivery(number);
    one.tab.releaseDelivery(number);
    expect(core.callsOf("failDelivery")).toEqual([]);
    expect(core.callsOf("releaseDelivery")).toEqual([]);
    two.tab.failDelivery(number);
    expect(core.callsOf("failDelivery")).toEqual([[8]]);
    two.tab.releaseDelivery(number);
    expect(core.callsOf("releaseDelivery")).toEqual([[8]]);
  });

  test("are not delivered to a page that goes before it has taken them in", async () => {
    const [core, one] = (await share(2)) as [FakeCore, Page];
    one.tab.listen("news", 0);
    core.kept = 8;
    core.delivers("news");
    one.tab.destroy();
    expect(core.callsOf("failDelivery")).toEqual([[8]]);
    expect(core.callsOf("releaseDelivery")).toEqual([[8]]);
  });

  test("that nobody wants any more are released at once", async () => {
    const [core, one] = (await share(1)) as [FakeCore, Page];
    one.tab.listen("news", 0);
    const event = core.names.get("news") as number;
    one.tab.unlisten("news");
    core.kept = 8;
    core.events.delivered(0, event, ["news"], 3, -1);
    expect(core.callsOf("releaseDelivery")).toEqual([[8]]);
    expect(core.callsOf("failDelivery")).toEqual([]);
  });
});

describe("the newest value", () => {
  const newest = { every: 50, keep: "newest" } as const;

  test("is told to who comes later and shows only that, once", async () => {
    const [core, one] = (await share(1)) as [FakeCore, Page];
    one.tab.listen("cursor", 0);
    one.tab.pace?.(0, newest);
    core.delivers("cursor", [1]);
    core.delivers("cursor", [2]);
    const late = await open();
    late.tab.listen("cursor", 4);
    late.tab.pace?.(4, newest);
    late.tab.connect(0);
    expect(late.events.delivered.mock.calls).toEqual([[0, 4, ["cursor", 2], 1, -1]]);
    late.tab.pace?.(4, undefined);
    late.tab.pace?.(4, newest);
    one.tab.pace?.(0, newest);
    expect(late.events.delivered).toHaveBeenCalledOnce();
    expect(one.events.delivered).toHaveBeenCalledTimes(2);
  });

  test("is not kept where nobody shows only that, nor told to who wants all", async () => {
    const [core, one] = (await share(1)) as [FakeCore, Page];
    one.tab.listen("cursor", 0);
    core.delivers("cursor", [1]);
    const late = await open();
    late.tab.connect(0);
    late.tab.listen("cursor", 4);
    late.tab.pace?.(4, newest);
    expect(late.events.delivered).not.toHaveBeenCalled();
    core.delivers("cursor", [2]);
    const later = await open();
    later.tab.connect(0);
    later.tab.listen("cursor", 4);
    expect(later.events.delivered).not.toHaveBeenCalled();
  });
});

describe("requests", () => {
  test("are answered to the page that asked, by its number", async () => {
    const [core, one, two] = (await share(2)) as [FakeCore, Page, Page];
    one.tab.request(0, 5, "[1]", undefined, 1_000);
    two.tab.request(0, 5, "[2]", undefined, 1_000);
    core.answers(1, "two");
    core.answers(0, "one");
    expect(one.events.settled.mock.calls).toEqual([[5, undefined, ["one"]]]);
    expect(two.events.settled.mock.calls).toEqual([[5, undefined, ["two"]]]);
  });

  test("are cancelled with their page, and by it", async () => {
    const [core, one, two] = (await share(2)) as [FakeCore, Page, Page];
    one.tab.request(0, 5, "[1]", undefined, 1_000);
    two.tab.request(0, 5, "[2]", undefined, 1_000);
    const [first, second] = core.callsOf("request").map(([, request]) => request);
    two.tab.cancel(0, 5);
    expect(core.callsOf("cancel")).toEqual([[0, second]]);
    one.tab.destroy();
    expect(core.callsOf("cancel")).toEqual([
      [0, second],
      [0, first],
    ]);
  });

  test("end with the page's disconnection while others stay", async () => {
    const [core, one] = (await share(2)) as [FakeCore, Page, Page];
    one.tab.request(0, 5, "[1]", undefined, 1_000);
    one.tab.disconnect(0);
    expect(one.events.settled.mock.calls).toEqual([
      [5, expect.objectContaining({ code: "disconnected" }), []],
    ]);
    expect(core.callsOf("cancel")).toHaveLength(1);
  });

  test("that are refused are told so at once", async () => {
    const [core, one] = (await share(1)) as [FakeCore, Page];
    core.refusal = errorData("buffer_full");
    expect(one.tab.request(0, 5, "[1]", undefined, 1_000)).toEqual(core.refusal);
    expect(one.tab.emit(0, "[1]", undefined, false)).toEqual(core.refusal);
  });
});

describe("what one page is asked", () => {
  const ticketOf = (asked: ReturnType<typeof vi.fn>, at = 1) => asked.mock.lastCall?.[at] as number;

  test("is asked of the first that has auth, and of the next when that goes", async () => {
    const pages = [await open(), await open({}, true), await open({}, true)] as const;
    const [without, one, two] = pages;
    for (const { tab } of pages) tab.connect(0);
    const [core] = cores as [FakeCore];
    core.needsAuth(11);
    expect(without.events.authNeeded).not.toHaveBeenCalled();
    expect(two.events.authNeeded).not.toHaveBeenCalled();
    const ticket = ticketOf(one.events.authNeeded);
    one.tab.suspend();
    one.tab.authenticate(0, ticket, "late");
    expect(core.callsOf("authenticate")).toEqual([]);
    two.tab.authenticate(0, ticketOf(two.events.authNeeded), "{}");
    expect(core.callsOf("authenticate")).toEqual([[0, 11, "{}"]]);
  });

  test("is answered for nobody where there is no auth", async () => {
    const { tab } = await open();
    tab.connect(0);
    cores[0]?.needsAuth(11);
    expect(cores[0]?.callsOf("authenticate")).toEqual([[0, 11, undefined]]);
  });

  test("is a verdict, or the address", async () => {
    const [core, one, two] = (await share(2)) as [FakeCore, Page, Page];
    core.events.verdictNeeded(0, 12, errorData("connect_refused"));
    one.tab.judge(0, ticketOf(one.events.verdictNeeded), "retry", 7);
    expect(core.callsOf("judge")).toEqual([[0, 12, "retry", 7]]);
    core.events.addressNeeded(13, 1);
    two.tab.useAddress(13, "a", "b");
    expect(core.callsOf("useAddress")).toEqual([]);
    one.tab.useAddress(ticketOf(one.events.addressNeeded, 0), "a", "b");
    expect(core.callsOf("useAddress")).toEqual([[13, "a", "b"]]);
  });

  test("is given up when nobody is left", async () => {
    const [core, one] = (await share(1)) as [FakeCore, Page];
    core.events.verdictNeeded(0, 12, errorData("connect_refused"));
    core.events.addressNeeded(13, 1);
    one.tab.suspend();
    expect(core.callsOf("judge")).toEqual([[0, 12, "stop", -1]]);
    expect(core.callsOf("failAddress")).toEqual([[13]]);
  });
});

describe("hooks", () => {
  const ticketOf = (asked: ReturnType<typeof vi.fn>) => asked.mock.lastCall?.[1] as number;

  test("run on all pages that have them, and the core waits for all", async () => {
    const [core, one, two, three] = (await share(3)) as [FakeCore, Page, Page, Page];
    one.tab.setHooks(0, { prologue: true, gap: false });
    two.tab.setHooks(0, { prologue: true, gap: true });
    expect(core.callsOf("setHooks").at(-1)).toEqual([0, { prologue: true, gap: true }]);
    core.events.prologueNeeded(0, 21);
    expect(three.events.prologueNeeded).not.toHaveBeenCalled();
    one.tab.emitFirst(0, ticketOf(one.events.prologueNeeded), "[1]", undefined);
    expect(core.callsOf("emitFirst")).toEqual([[0, 21, "[1]", undefined]]);
    one.tab.prologueDone(0, ticketOf(one.events.prologueNeeded));
    one.tab.emitFirst(0, ticketOf(one.events.prologueNeeded), "[2]", undefined);
    expect(core.callsOf("emitFirst")).toHaveLength(1);
    expect(core.callsOf("prologueDone")).toEqual([]);
    two.tab.destroy();
    expect(core.callsOf("prologueDone")).toEqual([[0, 21]]);
    expect(core.callsOf("setHooks").at(-1)).toEqual([0, { prologue: true, gap: false }]);
  });

  test("run for a page that comes later, and nobody waits for it", async () => {
    const [core] = await share(1);
    const late = await open();
    late.tab.setHooks(0, { prologue: true, gap: false });
    late.tab.connect(0);
    const ticket = ticketOf(late.events.prologueNeeded);
    late.tab.requestFirst(0, ticket, 1, "[1]", undefined, 100);
    late.tab.prologueDone(0, ticket);
    expect(core.callsOf("request")).toHaveLength(1);
    expect(core.callsOf("prologueDone")).toEqual([]);
  });

  test("of a gap run where it is one", async () => {
    const [core, one] = (await share(1)) as [FakeCore, Page];
    core.says("connecting");
    const fresh = await open();
    for (const { tab } of [one, fresh]) tab.setHooks(0, { prologue: false, gap: true });
    fresh.tab.connect(0);
    core.events.accepted(0, "next", false);
    core.says("connected");
    core.events.continuity(0, { kind: "gap", cause: "hole", connection: 4, isLate: false });
    core.events.gapHookNeeded(0, 31);
    expect(fresh.events.continuity.mock.lastCall?.[1]).toMatchObject({ kind: "fresh" });
    expect(fresh.events.gapHookNeeded).not.toHaveBeenCalled();
    one.tab.gapDone(0, ticketOf(one.events.gapHookNeeded));
    expect(core.callsOf("gapDone")).toEqual([[0, 31]]);
  });
});

describe("topics", () => {
  test("are joined for the first, left with the last, and known to who comes later", async () => {
    const [core, one] = (await share(1)) as [FakeCore, Page];
    one.tab.listen("joined", 5);
    one.tab.retainTopic(0, "room", "[join]", "[leave]", 5);
    const confirm = core.names.get("joined");
    expect(core.callsOf("retainTopic")).toEqual([[0, "room", "[join]", "[leave]", confirm]]);
    core.events.confirming(0, confirm as number, ["joined", "room"]);
    expect(one.events.confirming.mock.calls).toEqual([[0, 5, ["joined", "room"]]]);
    one.tab.topicConfirmed(0, "room");
    core.events.topic(0, "room", "live", undefined, ["answer"]);
    const late = await open();
    late.tab.retainTopic(0, "room", "[join]", "[leave]", undefined);
    expect(late.events.topic.mock.calls).toEqual([[0, "room", "live", undefined, ["answer"]]]);
    one.tab.destroy();
    expect(core.callsOf("releaseTopic")).toEqual([]);
    late.tab.releaseTopic(0, "room");
    expect(core.callsOf("releaseTopic")).toEqual([[0, "room"]]);
  });
});

describe("a page that is away", () => {
  test("holds nothing, and has it again when it is back", async () => {
    const [core, one, two] = (await share(2)) as [FakeCore, Page, Page];
    one.tab.listen("news", 7);
    one.tab.request(0, 5, "[1]", undefined, 1_000);
    one.tab.suspend();
    expect(core.names.has("news")).toBe(false);
    expect(core.callsOf("suspend")).toEqual([]);
    expect(one.events.settled.mock.lastCall?.[1]).toMatchObject({ code: "disconnected" });
    expect(one.events.status.mock.lastCall?.[4]).toMatchObject({ code: "suspended" });
    expect(statesOf(one)).toEqual(["connected", "waiting"]);
    core.says("waiting");
    connects(core, "next", 4);
    one.tab.resume(0);
    expect(core.names.has("news")).toBe(true);
    expect(statesOf(one)).toEqual(["connected", "waiting", "connected"]);
    expect(one.events.accepted.mock.lastCall).toEqual([0, "next", false]);
    expect(one.events.continuity.mock.lastCall?.[1]).toMatchObject({ kind: "gap" });
    expect(two.events.continuity).toHaveBeenCalledTimes(2);
  });

  test("lets the server know when it was the last, and goes on where it was", async () => {
    const [core, one] = (await share(1)) as [FakeCore, Page];
    one.tab.suspend();
    expect(core.callsOf("suspend")).toHaveLength(1);
    expect(core.callsOf("disconnect")).toEqual([]);
    core.says("waiting", { cause: "suspended" });
    one.tab.resume(0);
    expect(core.callsOf("resume")).toHaveLength(1);
    core.events.accepted(0, "next", false);
    core.says("connected");
    core.events.continuity(0, { kind: "resumed", connection: 4, isLate: false });
    expect(one.events.continuity.mock.lastCall?.[1]).toMatchObject({ kind: "resumed" });
  });

  test("keeps no connection when the last one that is there goes for good", async () => {
    const [core, one, two] = (await share(2)) as [FakeCore, Page, Page];
    one.tab.suspend();
    two.tab.destroy();
    expect(core.calls.slice(-2)).toEqual([["disconnect", 0], ["suspend"]]);
    one.tab.resume(0);
    expect(core.calls.at(-1)).toEqual(["connect", 0]);
    expect(core.callsOf("resume")).toHaveLength(1);
  });

  test("has what only it wants released when another one comes", async () => {
    const [core, one] = (await share(1)) as [FakeCore, Page];
    one.tab.suspend();
    await open();
    expect(core.callsOf("disconnect")).toEqual([[0]]);
    expect(core.callsOf("resume")).toHaveLength(1);
  });
});

test("pages that stay away are forgotten when there are many, and have another core when they are back", async () => {
  const [core, ...pages] = await share(34);
  for (const { tab } of pages.slice(0, 33)) tab.suspend();
  const failed = pages.filter(({ events }) => events.coreFailed.mock.calls.length > 0);
  expect(failed).toEqual([pages[0]]);
  pages[0]?.tab.resume(0);
  pages[0]?.tab.destroy();
  for (const { tab } of pages.slice(1, 33)) tab.destroy();
  expect(core.isAlive()).toBe(true);
  pages[33]?.tab.destroy();
  expect(core.isAlive()).toBe(false);
});

describe("another user", () => {
  test("is with others of that user, with all that the page wants", async () => {
    const bob = await open({ identity: "bob" });
    const [core] = cores as [FakeCore];
    expect(core.callsOf("setIdentity")).toEqual([["bob"]]);
    bob.tab.connect(0);
    connects(core, "bob's");
    const page = await open();
    page.tab.connect(0);
    page.tab.listen("news", 7);
    page.tab.retainTopic(0, "room", "[join]", undefined, undefined);
    page.tab.setIdentity("bob");
    page.tab.request(0, 1, "[1]", undefined, 100); // on its way
    expect(core.callsOf("request")).toEqual([]);
    await turn();
    expect(cores[1]?.callsOf("destroy")).toHaveLength(1);
    expect(core.callsOf("request")).toHaveLength(1);
    expect(core.callsOf("retainTopic")).toHaveLength(1);
    expect(page.events.accepted.mock.calls).toEqual([[0, "bob's", false]]);
    expect(page.events.continuity.mock.lastCall?.[1]).toMatchObject({ kind: "fresh" });
    core.delivers("news", ["x"]);
    expect(toldOf(page)).toEqual([["news", "x"]]);
    expect(bob.events.delivered).not.toHaveBeenCalled();
  });

  test("gets none of the answers of the one before", async () => {
    const [core, one, two] = (await share(2)) as [FakeCore, Page, Page];
    one.tab.request(0, 1, "[1]", undefined, 100);
    one.tab.setIdentity("bob");
    expect(one.events.settled.mock.calls).toEqual([
      [1, expect.objectContaining({ code: "disconnected" }), []],
    ]);
    core.answers(0, "late");
    expect(one.events.settled).toHaveBeenCalledOnce();
    two.tab.setIdentity(""); // the same again
    expect(core.callsOf("destroy")).toEqual([]);
  });

  test("is told what a user before had asked for on the way, and has not got", async () => {
    const page = await open();
    page.tab.setIdentity("bob");
    page.tab.request(0, 1, "[1]", undefined, 100);
    page.tab.setIdentity("carol");
    await turn();
    expect(page.events.settled.mock.calls).toEqual([
      [1, expect.objectContaining({ code: "identity_changed" }), []],
    ]);
    expect(cores.map((core) => core.isAlive())).toEqual([false, false, true]);
  });

  test("is gone when the page goes on the way to it", async () => {
    const page = await open();
    page.tab.setIdentity("bob");
    page.tab.destroy();
    await turn();
    expect(cores.map((core) => core.isAlive())).toEqual([false, false]);
  });
});

describe("the outbox", () => {
  const settings = { maxItems: 1, maxBytes: 1, maxInFlight: 1, maxInFlightPerLane: 1 };
  const description = {
    namespace: "/",
    database: "d",
    durability: "strict",
    takeOverMs: 1,
    hasWorked: false,
  } as const;
  const data = {
    key: "key",
    name: "order",
    lane: "",
    ackTimeoutMs: 1,
    bytes: 2,
    attachmentCount: 0,
  };

  /** Opens it on a page; returns what that is told of the store. */
  function openOutbox({ tab }: Page, askBeforeFlush = false) {
    const names = ["Stored", "Opened", "Failed", "Refused", "Endings"].map(
      (name) => `handle${name}`,
    );
    const listener = Object.fromEntries(names.map((name) => [name, vi.fn()]));
    const own = tab.seatStore(0, description, {}, listener as never);
    tab.openOutbox(0, { ...settings, askBeforeFlush });
    return Object.assign(listener as Record<keyof SeatListener, ReturnType<typeof vi.fn>>, { own });
  }

  test("has one store, which begins with the first page that is ready", async () => {
    const [core, one, two] = (await share(2)) as [FakeCore, Page, Page];
    const [first, second] = [openOutbox(one), openOutbox(two, true)];
    expect(seats.seatStore).toHaveBeenCalledOnce();
    expect(core.callsOf("openOutbox")).toEqual([
      [0, { ...settings, askBeforeFlush: false }],
      [0, { ...settings, askBeforeFlush: true }],
    ]);
    expect(seat.begin).not.toHaveBeenCalled();
    first.own.begin();
    expect(seat.begin).toHaveBeenCalledOnce();
    seats.listener?.handleOpened(new Set(["key"]));
    expect(first.handleOpened).toHaveBeenCalledOnce();
    expect(second.handleOpened).not.toHaveBeenCalled();
    second.own.begin();
    expect(second.handleOpened).toHaveBeenCalledOnce();
    expect(await second.own.load("key")).toBe("[]");
    await second.own.discard("bob", ["kept"]);
    expect(seat.discard).toHaveBeenCalledExactlyOnceWith("bob", ["kept"]);
  });

  test("shows in all pages what one has enqueued, also in one that comes later", async () => {
    const [core, one, two] = (await share(2)) as [FakeCore, Page, Page];
    const [first, second] = [openOutbox(one), openOutbox(two)];
    for (const { own } of [first, second]) own.begin();
    seats.listener?.handleOpened(new Set());
    one.tab.enqueue(0, { ...data, resend: false }, "[1]", undefined);
    const stored = expect.objectContaining({ key: "key", event: "order", lane: "" }) as object;
    expect(first.handleStored).not.toHaveBeenCalled();
    expect(second.handleStored.mock.calls).toEqual([[[stored]]]);
    core.moves("key", "queued");
    for (const { events } of [one, two])
      expect(events.action.mock.calls).toEqual([[0, "key", "queued", 0, undefined, []]]);
    const late = await open();
    const third = openOutbox(late);
    expect(late.events.action).not.toHaveBeenCalled();
    third.own.begin();
    expect(third.handleOpened.mock.calls).toEqual([[new Set(["key"])]]);
    expect(third.handleStored.mock.calls).toEqual([[[stored]]]);
    expect(late.events.action.mock.calls).toEqual([[0, "key", "queued", 0, undefined, []]]);
    core.moves("key", "applied", { args: ["done"] });
    expect(late.events.action.mock.lastCall).toEqual([0, "key", "applied", 0, undefined, ["done"]]);
    const last = await open();
    openOutbox(last).own.begin();
    expect(last.events.action).not.toHaveBeenCalled();
  });

  test("tells a page that comes back how its actions have ended meanwhile", async () => {
    const [core, one, two] = (await share(2)) as [FakeCore, Page, Page];
    for (const page of [one, two]) openOutbox(page).own.begin();
    seats.listener?.handleOpened(new Set());
    const keys = [
      "applied",
      "forgotten",
      "open",
      ...Array.from({ length: 1_000 }, (_, number) => String(number)),
    ];
    const enqueue = (key: string) => {
      one.tab.enqueue(0, { ...data, key, resend: false }, "[1]", undefined);
      core.moves(key, "queued");
    };
    for (const key of keys) enqueue(key);
    one.tab.suspend();
    enqueue("late"); // before the page stands still
    one.events.action.mockClear();
    for (const key of keys.slice(3)) core.moves(key, "applied");
    core.moves("late", "applied");
    core.moves("applied", "applied", { args: ["done"] });
    core.events.forgotten(0, "forgotten");
    expect(one.events.action).not.toHaveBeenCalled();
    one.tab.resume(0);
    const told = new Map(one.events.action.mock.calls.map(([, key, ...rest]) => [key, rest]));
    expect(told.get("applied")).toEqual(["applied", 0, undefined, ["done"]]);
    expect(told.get("late")?.[0]).toBe("applied");
    expect(told.get("open")?.[0]).toBe("queued");
    expect(told.get("999")?.[0]).toBe("applied");
    expect(told.get("0")).toMatchObject(["unknown", 0, { code: "action_unknown" }, []]);
    expect(one.events.forgotten.mock.calls.map(([, key]) => key as string)).toEqual([
      "forgotten",
      ...["0", "1", "2"],
    ]);
    one.events.action.mockClear();
    one.tab.suspend();
    one.tab.resume(0);
    expect(one.events.action.mock.calls).toEqual([[0, "open", "queued", 0, undefined, []]]);
  });

  test("tells how an action ended to who gives it once more, as its worker has ended before it was stored", async () => {
    const [core, one, two] = (await share(2)) as [FakeCore, Page, Page];
    for (const page of [one, two]) openOutbox(page).own.begin();
    seats.listener?.handleOpened(new Set(["stored"]));
    core.moves("stored", "applied", { args: ["done"] });
    core.refusal = errorData("duplicate_key");
    one.events.action.mockClear();
    const give = (key: string) =>
      two.tab.enqueue(0, { ...data, key, resend: true }, "[1]", undefined);
    two.events.action.mockClear();
    expect(give("stored")).toBeUndefined();
    expect(two.events.action.mock.calls).toEqual([
      [0, "stored", "applied", 0, undefined, ["done"]],
    ]);
    expect(give("long ago")).toBeUndefined();
    expect(two.events.action.mock.lastCall?.slice(0, 3)).toEqual([0, "long ago", "unknown"]);
    expect(one.events.action).not.toHaveBeenCalled();
  });

  test("forgets what was refused", async () => {
    const [core, one, two] = (await share(2)) as [FakeCore, Page, Page];
    for (const page of [one, two]) openOutbox(page).own.begin();
    seats.listener?.handleOpened(new Set());
    core.refusal = errorData("outbox_full");
    expect(one.tab.enqueue(0, { ...data, resend: false }, "[1]", undefined)).toBe(core.refusal);
    expect(one.events.forgotten).not.toHaveBeenCalled();
    expect(two.events.forgotten).toHaveBeenCalledExactlyOnceWith(0, data.key);
    const late = await open();
    const listener = openOutbox(late);
    listener.own.begin();
    expect(listener.handleStored.mock.calls).toEqual([[[]]]);
  });

  test("pauses as long as one page wants that", async () => {
    const [core, one, two] = (await share(2)) as [FakeCore, Page, Page];
    for (const page of [one, two]) openOutbox(page);
    const paused = () => core.calls.filter(([name]) => name.endsWith("Outbox")).at(-1)?.[0];
    one.tab.pauseOutbox(0);
    two.tab.pauseOutbox(0);
    two.tab.resumeOutbox(0);
    expect(paused()).toBe("pauseOutbox");
    one.tab.destroy();
    expect(paused()).toBe("resumeOutbox");
  });

  test("asks one page before a flush, and the next if that goes", async () => {
    const [core, one, two, three] = (await share(3)) as [FakeCore, Page, Page, Page];
    openOutbox(one);
    for (const page of [two, three]) openOutbox(page, true);
    core.events.flushAsked(0, 5, ["key"]);
    expect(one.events.flushAsked).not.toHaveBeenCalled();
    two.tab.destroy();
    const [, ticket] = three.events.flushAsked.mock.lastCall as [number, number];
    three.tab.flushPlan(0, ticket, [], ["key"]);
    expect(core.callsOf("flushPlan")).toEqual([[0, 5, [], ["key"]]]);
    core.events.flushAsked(0, 6, ["key"]);
    three.tab.destroy();
    expect(core.callsOf("flushPlan").at(-1)).toEqual([0, 6, ["key"], []]);
  });

  test("follows a page to another user", async () => {
    const page = await open();
    const listener = openOutbox(page);
    listener.own.begin();
    seats.listener?.handleOpened(new Set(["alice's"]));
    page.tab.setIdentity("bob");
    await listener.own.discard("", []);
    expect(seat.discard).toHaveBeenCalledExactlyOnceWith("", []);
    expect(await listener.own.load("key")).toBe("[]");
    await turn();
    expect(seats.seatStore).toHaveBeenCalledTimes(2);
    expect(seat.begin).toHaveBeenCalledTimes(2);
    expect(seat.abandon).toHaveBeenCalledOnce();
    expect(cores[1]?.callsOf("openOutbox")).toHaveLength(1);
    seats.listener?.handleOpened(new Set(["bob's"]));
    expect(listener.handleOpened.mock.lastCall).toEqual([new Set(["bob's"])]);
  });

  test("is each page's own, as is the core, where the worker cannot have it", async () => {
    const [core, one, two] = (await share(2)) as [FakeCore, Page, Page];
    for (const page of [one, two]) openOutbox(page);
    seats.listener?.handleRefused(new Error("no database"));
    for (const { events } of [one, two]) expect(events.coreFailed).toHaveBeenCalledOnce();
    expect(core.callsOf("destroy")).toHaveLength(1);
    const again = [await open(), await open()];
    expect(cores).toHaveLength(3);
    const listener = openOutbox(again[1] as Page);
    seats.listener?.handleRefused(new Error("no database"));
    expect(listener.handleRefused).toHaveBeenCalledOnce();
    // The page is away when the store is asked, and has it in its memory all the same.
    again[1]?.tab.suspend();
    cores[2]?.events.store(0, 1, { type: "read" });
    expect(again[1]?.events.store.mock.calls).toEqual([[0, 1, { type: "read" }]]);
    expect(again[1]?.events.coreFailed).not.toHaveBeenCalled();
    expect(again[0]?.events.store).not.toHaveBeenCalled();
  });

  test("is closed when the last page has gone, which waits for that", async () => {
    const [, one, two] = (await share(2)) as [FakeCore, Page, Page];
    const [first, second] = [openOutbox(one), openOutbox(two)];
    one.tab.destroy();
    await first.own.abandon();
    expect(seat.abandon).not.toHaveBeenCalled();
    two.tab.destroy();
    await second.own.abandon();
    expect(seat.abandon).toHaveBeenCalledOnce();
  });
});
