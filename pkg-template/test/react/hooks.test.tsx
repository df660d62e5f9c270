// @vitest-environment jsdom
import { act } from "react";
import { describe, expect, test, vi } from "vitest";
import {
  useAction,
  useEvent,
  useEvents,
  useGap,
  useLatest,
  useOutbox,
  useSockeye,
  useStatus,
  useTopic,
} from "../../src/react.js";
import { render } from "@testing-library/react";
import type { Subscription } from "../../src/observable.js";
import { connected, sockeyeError, turn } from "../support/setUp.js";
import { below, nextFrame, rendered } from "./rendering.js";

const Lost = () => {
  useSockeye();
  return null;
};

describe("a hook", () => {
  test("says what to do where there is no provider", () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    expect(() => render(<Lost />)).toThrow(sockeyeError("no_provider"));
  });

  test("has the client of the provider", async () => {
    const { client, last } = await rendered(useSockeye);
    expect(last()).toBe(client);
  });
});

describe("useStatus", () => {
  test("returns the status, and the next one", async () => {
    const { core, last } = await rendered(() => useStatus());
    expect(last()).toEqual({ state: "connected", recovered: false });
    act(() => core.says("waiting", { attempt: 1, retryInMs: 5, cause: "ping_timeout" }));
    expect(last().state).toBe("waiting");
  });

  test("renders only when what is selected changes", async () => {
    const { core, seen, last } = await rendered(() => useStatus(({ state }) => state[0]));
    const before = seen.length;
    act(() => core.says("connecting", { attempt: 1 }));
    expect(last()).toBe("c");
    expect(seen.length).toBe(before);
    act(() => core.says("waiting", { attempt: 1 }));
    expect(last()).toBe("w");
  });

  test("keeps a selected object that is equal to the one before", async () => {
    const isSame = (one: { letter: unknown }, other: { letter: unknown }) =>
      one.letter === other.letter;
    const select = ({ state }: { state: string }) => ({ letter: state[0] });
    const { core, seen } = await rendered(() => useStatus(select, isSame));
    const first = seen.at(-1);
    act(() => core.says("connecting", { attempt: 1 }));
    expect(seen.at(-1)).toBe(first);
  });

  test("lets no listener stay behind", async () => {
    const { client } = await connected();
    const subscribe = vi.spyOn(client.status, "subscribe");
    const Status = () => <p>{useStatus().state}</p>;
    const { unmount } = render(below(client, <Status />));
    const open = () =>
      subscribe.mock.results.filter(({ value }) => !(value as Subscription).closed);
    expect(open().length).toBe(1);
    unmount();
    expect(open().length).toBe(0);
  });
});

describe("useEvent", () => {
  test("calls the handler of the last rendering, and renders nothing", async () => {
    const told: string[] = [];
    let rendering = 0;
    const { core, seen, again } = await rendered(() => {
      rendering += 1;
      const mine = rendering;
      useEvent("job", (job: string) => void told.push(`${job} ${mine}`));
    });
    again();
    const before = seen.length;
    act(() => void core.delivers("job", ["a"]));
    expect(told).toEqual([`a ${rendering}`]);
    expect(seen.length).toBe(before);
  });

  test("listens once in strict mode, and not at all when the component has gone", async () => {
    const handle = vi.fn();
    const { core, unmount } = await rendered(() => useEvent("job", handle));
    core.delivers("job", ["a"]);
    expect(handle.mock.calls).toEqual([["a"]]);
    unmount();
    expect(core.names.has("job")).toBe(false);
  });
});

describe("useEvents", () => {
  test("renders a burst once per frame and loses nothing of it", async () => {
    const { core, seen, last } = await rendered<readonly unknown[]>(() =>
      useEvents("line", { limit: 10_000 }),
    );
    const before = seen.length;
    for (let line = 0; line < 10_000; line += 1) core.delivers("line", [line]);
    expect(seen.length).toBe(before);
    await nextFrame();
    expect(last()).toEqual(Array.from({ length: 10_000 }, (_, line) => line));
    expect(seen.length - before).toBe(2); // strict mode renders twice
  });

  test("keeps the newest", async () => {
    const { core, last } = await rendered<readonly unknown[]>(() =>
      useEvents("line", { limit: 3 }),
    );
    for (let line = 0; line < 20; line += 1) core.delivers("line", [line]);
    await nextFrame();
    core.delivers("line", [20]);
    await nextFrame();
    expect(last()).toEqual([18, 19, 20]);
  });

  test("renders each event where that is wanted", async () => {
    const { core, last } = await rendered<readonly unknown[]>(() =>
      useEvents("line", { every: "event" }),
    );
    act(() => void core.delivers("line", ["a"]));
    expect(last()).toEqual(["a"]);
  });

  test("renders once in so many milliseconds", async () => {
    const { core, last } = await rendered<readonly unknown[]>(() =>
      useEvents("line", { every: 50 }),
    );
    vi.useFakeTimers();
    core.delivers("line", ["a"]);
    await act(() => vi.advanceTimersByTimeAsync(49));
    expect(last()).toEqual([]);
    await act(() => vi.advanceTimersByTimeAsync(1));
    expect(last()).toEqual(["a"]);
    vi.useRealTimers();
  });

  test("leaves no frame to come when the component has gone", async () => {
    const { core, unmount } = await rendered<readonly unknown[]>(() => useEvents("line"));
    const cancelled = vi.spyOn(globalThis, "cancelAnimationFrame");
    core.delivers("line", ["a"]);
    unmount();
    expect(cancelled).toHaveBeenCalledTimes(1);
    expect(core.names.has("line")).toBe(false);
  });
});

describe("useLatest", () => {
  test("returns the newest event", async () => {
    const { core, last } = await rendered(() => useLatest("quote") as number | undefined);
    expect(last()).toBeUndefined();
    core.delivers("quote", [1]);
    core.delivers("quote", [2]);
    await nextFrame();
    expect(last()).toBe(2);
  });
});

describe("useAction", () => {
  test("tells how the action goes that was enqueued last", async () => {
    const { core, last } = await rendered(() => useAction("save", { lane: "a" }));
    expect(last()).toMatchObject({ status: undefined, isPending: false });
    act(() => void last().run({ title: "x" }));
    expect(core.callsOf("enqueue")[0]?.[1]).toMatchObject({ name: "save", lane: "a" });
    expect(last()).toMatchObject({ status: { state: "storing" }, isPending: true });
    await act(async () => {
      core.moves("id", "sent", { attempts: 1 });
      core.moves("id", "applied", { attempts: 1, args: ["done"] });
      await turn();
    });
    expect(last()).toMatchObject({ status: { state: "applied" }, value: "done", isPending: false });
    act(() => last().reset());
    expect(last()).toMatchObject({ status: undefined, value: undefined });
  });

  test("tells why it ended", async () => {
    const { core, last } = await rendered(() => useAction("save"));
    act(() => void last().run());
    act(() => core.moves("id", "expired", { error: "action_expired" }));
    expect(last()).toMatchObject({ error: { code: "action_expired" }, isPending: false });
  });

  test("gives the same function again", async () => {
    const { last, again } = await rendered(() => useAction("save", { lane: "a" }));
    const { run } = last();
    again();
    expect(last().run).toBe(run);
  });
});

describe("useOutbox", () => {
  test("returns what has not ended", async () => {
    const { client, core, last } = await rendered(useOutbox);
    expect(last()).toEqual([]);
    await act(async () => {
      client.enqueue("save");
      await turn();
    });
    expect(last()).toMatchObject([{ id: "id", event: "save" }]);
    await act(async () => {
      core.moves("id", "applied", { attempts: 1 });
      await turn();
    });
    expect(last()).toEqual([]);
  });
});

describe("useTopic", () => {
  const room = (number: number) => ({ join: ["join", number] as [string, number] });

  test("joins as long as the component is there", async () => {
    const { core, last, again, unmount } = await rendered(() => useTopic(room(1)));
    again();
    expect(core.callsOf("retainTopic").length - core.callsOf("releaseTopic").length).toBe(1);
    act(() => core.events.topic(0, '["join",1]', "live", undefined, []));
    expect(last()).toEqual({ state: "live" });
    unmount();
    expect(core.callsOf("retainTopic").length).toBe(core.callsOf("releaseTopic").length);
  });

  test("leaves one room for the next", async () => {
    let number: number | undefined = 1;
    const { core, again, last } = await rendered(() =>
      useTopic(number === undefined ? undefined : room(number)),
    );
    number = 2;
    again();
    expect(core.callsOf("releaseTopic").at(-1)?.[1]).toBe('["join",1]');
    expect(core.callsOf("retainTopic").at(-1)?.[1]).toBe('["join",2]');
    number = undefined;
    again();
    expect(core.callsOf("releaseTopic").at(-1)?.[1]).toBe('["join",2]');
    expect(last()).toEqual({ state: "idle" });
  });

  test("asks the function of the last rendering whether it is joined", async () => {
    let wanted = "a";
    const { core, again } = await rendered(() => {
      const mine = wanted;
      const confirm = { event: "joined", match: (name: unknown) => name === mine };
      return useTopic({ join: ["join", 1] as [string, number], confirm });
    });
    wanted = "b";
    again();
    const event = core.names.get("joined") ?? -1;
    core.events.confirming(0, event, ["joined", "a"]);
    expect(core.callsOf("topicConfirmed")).toEqual([]);
    core.events.confirming(0, event, ["joined", "b"]);
    expect(core.callsOf("topicConfirmed")).toEqual([[0, '["join",1]']]);
  });
});

describe("useGap", () => {
  test("takes its handler away with the component", async () => {
    const { core, unmount } = await rendered(() => useGap(() => {}));
    expect(core.callsOf("setHooks").at(-1)).toEqual([0, { prologue: false, gap: true }]);
    unmount();
    expect(core.callsOf("setHooks").at(-1)).toEqual([0, { prologue: false, gap: false }]);
  });
});
