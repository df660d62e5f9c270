import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type ChunkPart, chunks } from "../../src/index.js";
import { dice } from "../support/dice.js";
import { connected, recorder, sockeyeError, turn } from "../support/setUp.js";

interface Events {
  "model:chunk": (part: { jobId: string; index: number; total?: number; chunk: string }) => void;
  "model:complete": (end: { jobId: string; text: string }) => void;
  "task:cancel": (task: { taskId: string }, done: (answer: { cancelled: boolean }) => void) => void;
}
type Part = ChunkPart<string>;

const options = {
  match: ({ jobId }: { readonly jobId?: unknown }) => jobId === "a",
  end: "model:complete" as const,
  cancel: ["task:cancel", { taskId: "a" }] as const,
};

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

async function reading(
  given: Parameters<typeof chunks<Events, Events, "model:chunk">>[2] = options,
) {
  const setting = await connected<Events>();
  const stream = chunks(setting.client, "model:chunk", given);
  const told = recorder<Part>();
  const subscription = stream.subscribe(told);
  const says = (index: number, total?: number) =>
    void setting.core.delivers("model:chunk", [{ jobId: "a", index, total, chunk: `${index}` }]);
  const ends = () => void setting.core.delivers("model:complete", [{ jobId: "a", text: "all" }]);
  return {
    ...setting,
    stream,
    told,
    subscription,
    says,
    ends,
    parts: () => told.values.map(brief),
  };
}

/** `3` for a chunk, `4–5` for a gap, `end` and how many are missing. */
function brief(part: Part): string {
  if (part.kind === "chunk") return part.value;
  return part.kind === "gap" ? `${part.from}–${part.to ?? ""}` : `end ${part.missing}`;
}

describe("chunks", () => {
  test("come in their order, once each, whatever the order in which they are received", async () => {
    const { says, parts } = await reading();
    for (const index of [1, 0, 0, 3, 2, 1]) says(index);
    expect(parts()).toEqual(["0", "1", "2", "3"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("of others are left out, and those without a place", async () => {
    const { core, parts } = await reading();
    core.delivers("model:chunk", [{ jobId: "b", index: 0, chunk: "other" }]);
    core.delivers("model:chunk", [{ jobId: "a", index: 0.5, chunk: "between" }]);
    core.delivers("model:chunk", [{ jobId: "a", chunk: "nowhere" }]);
    expect(parts()).toEqual([]);
  });

  test("that are missing are waited for, then reported, and left out if they come later", async () => {
    const { says, parts } = await reading();
    for (const index of [0, 3, 5]) says(index);
    vi.advanceTimersByTime(999);
    expect(parts()).toEqual(["0"]);
    vi.advanceTimersByTime(1);
    expect(parts()).toEqual(["0", "1–2", "3"]);
    says(2);
    vi.advanceTimersByTime(1_000);
    expect(parts()).toEqual(["0", "1–2", "3", "4–4", "5"]);
  });

  test("wait for one that is missing only up to a limit", async () => {
    const { says, parts } = await reading({ ...options, limit: 2 });
    for (const index of [1, 2, 3]) says(index);
    expect(parts()).toEqual(["0–0", "1", "2", "3"]);
  });

  test("end with what the event says that ends them", async () => {
    const { core, says, ends, told, parts } = await reading();
    says(0);
    says(2);
    ends();
    expect(parts()).toEqual(["0", "1–1", "2", "end 1"]);
    expect(told.values.at(-1)).toMatchObject({ value: { jobId: "a", text: "all" } });
    expect(told.ends).toEqual(["complete"]);
    expect([...core.names.keys()]).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("say how many are missing at the end, where it is known how many there are", async () => {
    const { says, ends, parts } = await reading();
    says(0, 4);
    ends();
    expect(parts()).toEqual(["0", "1–3", "end 3"]);
  });

  test("end with the last one, where no event ends them", async () => {
    const { says, told, parts } = await reading({ match: options.match });
    says(1, 2);
    says(0, 2);
    expect(parts()).toEqual(["0", "1", "end 0"]);
    expect(told.ends).toEqual(["complete"]);
  });

  test("do not wait for ever for the event that ends them when all are there", async () => {
    const { says, told, parts } = await reading();
    says(0, 1);
    expect(told.ends).toEqual([]);
    vi.advanceTimersByTime(1_000);
    expect(parts()).toEqual(["0", "end 0"]);
    expect(told.ends).toEqual(["complete"]);
  });

  test("tell that some may be missing when the connection has a gap", async () => {
    const { core, says, parts } = await reading();
    says(0);
    core.events.continuity(0, { kind: "gap", connection: 2, isLate: false });
    core.events.gapHookNeeded(0, 1);
    await turn();
    expect(parts()).toEqual(["0", "1–"]);
    says(3);
    vi.advanceTimersByTime(1_000);
    expect(parts()).toEqual(["0", "1–", "1–2", "3"]);
  });

  test("are cancelled by what is sent for that, and complete when it is acknowledged", async () => {
    const { core, stream, told } = await reading();
    const cancelled = stream.cancel();
    expect(core.callsOf("request")[0]?.[2]).toBe('["task:cancel",{"taskId":"a"}]');
    expect(told.ends).toEqual([]);
    core.answers(0, { cancelled: true, error: null });
    expect(await cancelled).toBe(true);
    expect(told.ends).toEqual(["complete"]);
  });

  test("go on where the server cancels nothing, or does not answer", async () => {
    const { core, stream, told, says, parts } = await reading();
    const refused = stream.cancel();
    core.answers(0, { cancelled: false });
    expect(await refused).toBe(false);
    const wrong = stream.cancel();
    core.answers(1, { error: "invalid_payload", field: "taskId" });
    expect(await wrong).toBe(false);
    const lost = stream.cancel();
    core.rejects(2, "ack_timeout");
    await expect(lost).rejects.toEqual(sockeyeError("ack_timeout"));
    says(0);
    expect([parts(), told.ends]).toEqual([["0"], []]);
  });

  test("are not cancelled by who only leaves, and leave no timer and no listener", async () => {
    const { core, subscription, says } = await reading();
    says(1);
    subscription.unsubscribe();
    expect(vi.getTimerCount()).toBe(0);
    expect([...core.names.keys()]).toEqual([]);
    expect(core.callsOf("request")).toEqual([]);
  });

  test("may be left in the middle of those that waited", async () => {
    const { client, core } = await connected<Events>();
    const values: string[] = [];
    const subscription = chunks(client, "model:chunk").subscribe((part) => {
      values.push(brief(part));
      if (values.length === 2) subscription.unsubscribe();
    });
    for (const index of [2, 1, 0]) {
      core.delivers("model:chunk", [{ jobId: "a", index, chunk: `${index}` }]);
    }
    expect(values).toEqual(["0", "1"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("complete with the client", async () => {
    const { client, told } = await reading();
    await client.destroy();
    expect(told.ends).toEqual(["complete"]);
  });

  test("can be read in a loop", async () => {
    const { client, core } = await connected<Events>();
    const loop = (async () => {
      let text = "";
      for await (const part of chunks(client, "model:chunk")) text += brief(part);
      return text;
    })();
    for (const index of [1, 0]) {
      core.delivers("model:chunk", [{ jobId: "a", index, total: 2, chunk: `${index}` }]);
    }
    expect(await loop).toBe("01end 0");
  });

  test.each([{ waitMs: 0 }, { limit: 0 }, { first: -1 }])("refuses %o", async (wrong) => {
    const { client } = await connected<Events>();
    expect(() => chunks(client, "model:chunk", wrong)).toThrow(sockeyeError("invalid_option"));
  });

  test("are given or reported, once each and in order, however they come", async () => {
    for (let seed = 0; seed < 300; seed += 1) {
      const roll = dice(seed);
      const total = 1 + roll(30);
      const { says, ends, told } = await reading({ ...options, limit: 1 + roll(6), waitMs: 5 });
      const sent = Array.from({ length: total }, (_, index) => index).filter(() => roll(6) > 0);
      // Some come late, some twice.
      const order = [...sent, ...sent.filter(() => roll(4) === 0)]
        .map((index) => ({ index, at: index + roll(8) }))
        .sort((one, other) => one.at - other.at);
      for (const { index } of order) {
        says(index, total);
        vi.advanceTimersByTime(roll(3));
      }
      ends();
      vi.advanceTimersByTime(5);
      const [seen, missing] = [new Set<number>(), [] as number[]];
      let next = 0;
      for (const part of told.values) {
        if (part.kind === "end") expect(part.missing, `seed ${seed}`).toBe(missing.length);
        else {
          const from = part.kind === "chunk" ? part.index : part.from;
          expect(from, `seed ${seed}`).toBe(next);
          next = (part.kind === "chunk" ? part.index : (part.to ?? NaN)) + 1;
          if (part.kind === "chunk") seen.add(part.index);
          else for (let index = from; index < next; index += 1) missing.push(index);
        }
      }
      // Where nothing came, nobody knows of any.
      expect(seen.size + missing.length, `seed ${seed}`).toBe(sent.length > 0 ? total : 0);
      expect(told.ends, `seed ${seed}`).toEqual(["complete"]);
    }
  }, 60_000);
});
