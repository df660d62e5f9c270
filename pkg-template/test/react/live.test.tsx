// @vitest-environment jsdom
import { act } from "react";
import { describe, expect, test, vi } from "vitest";
import { roomJobs } from "../../src/index.js";
import { useJob, useLive, useSockeye } from "../../src/react.js";
import { turn } from "../support/setUp.js";
import { rendered } from "./rendering.js";

const settled = () => act(turn);

describe("useLive", () => {
  test("fetches once in strict mode, and renders what is merged", async () => {
    const fetchFirst = vi.fn((signal: AbortSignal) => ({ title: "a", aborted: signal.aborted }));
    const { core, last, unmount } = await rendered(() =>
      useLive(useSockeye(), 7, fetchFirst, "order", (state, changed: object) => ({
        ...{ ...state, ...changed },
      })),
    );
    expect(last().state).toBe("loading");
    await settled();
    expect(last()).toMatchObject({ state: "live", value: { title: "a", aborted: false } });
    act(() => void core.delivers("order", [{ title: "b" }]));
    expect(last().value?.title).toBe("b");
    expect(fetchFirst).toHaveBeenCalledTimes(1);
    unmount();
    expect([...core.names.keys()]).toEqual([]);
  });

  test("has the functions of the last rendering, and another state for another key", async () => {
    let [rendering, key] = [1, 7];
    const fetched: number[] = [];
    const { core, last, again } = await rendered(() => {
      const mine = rendering;
      const fetchFirst = () => (fetched.push(mine), "");
      return useLive(useSockeye(), key, fetchFirst, "word", (state, word: string) => {
        return `${state}${word}${mine}`;
      });
    });
    await settled();
    rendering = 2;
    again();
    act(() => void core.delivers("word", ["a"]));
    expect(last().value).toBe("a2");
    expect(fetched).toEqual([1]);
    key = 8;
    again();
    await settled();
    expect(last().value).toBe("");
    expect(fetched).toEqual([1, 2]);
  });
});

describe("useJob", () => {
  test("follows the job that there is, and leaves with the component", async () => {
    const shown: { id?: string } = {};
    const { core, last, again, unmount } = await rendered(() =>
      useJob(useSockeye(), shown.id, roomJobs),
    );
    expect(last()).toBeUndefined();
    shown.id = "7";
    again();
    expect(last()).toMatchObject({ id: "7", status: "unknown" });
    const [topic] = core.callsOf("retainTopic");
    act(() => core.events.topic(0, topic?.[1] ?? "", "live", undefined, []));
    await settled();
    act(() => void core.delivers("job:started", [{ jobId: "7" }]));
    expect(last()?.status).toBe("running");
    unmount();
    expect(core.callsOf("releaseTopic").length).toBe(core.callsOf("retainTopic").length);
    expect([...core.names.keys()]).toEqual([]);
  });
});
