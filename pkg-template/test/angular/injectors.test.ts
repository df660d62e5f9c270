// @vitest-environment jsdom
import { Component, signal } from "@angular/core";
import { TestBed } from "@angular/core/testing";
import { describe, expect, test, vi } from "vitest";
import {
  fromSockeyeEvent,
  injectAction,
  injectLatest,
  injectOutbox,
  injectSockeye,
  injectStatus,
  injectTopic,
} from "../../src/angular.js";
import { sockeyeError, turn } from "../support/setUp.js";
import { rendered } from "./testBed.js";

/** A component that shows what the signal has that `use` returns. */
function showing<Value>(use: () => Value, template = "{{ value() }}") {
  class Shown {
    readonly value = use();
  }
  Component({ template })(Shown);
  return Shown;
}

describe("injectSockeye", () => {
  test("returns the client that is provided", async () => {
    const { client, shown } = await rendered(showing(injectSockeye, ""));
    expect(shown.value).toBe(client);
  });

  test("says what to do where none is provided", () => {
    expect(() => TestBed.runInInjectionContext(injectSockeye)).toThrow(sockeyeError("no_provider"));
  });
});

describe("injectStatus", () => {
  test("shows the status, and the next one", async () => {
    const { core, fixture, text } = await rendered(
      showing(() => injectStatus(({ state }) => state)),
    );
    expect(text()).toBe("connected");
    core.says("waiting", { attempt: 1, retryInMs: 5 });
    await fixture.whenStable();
    expect(text()).toBe("waiting");
  });

  test("lets no listener stay behind", async () => {
    const { core, fixture, shown } = await rendered(showing(() => injectStatus(), ""));
    fixture.destroy();
    core.says("waiting", { attempt: 1, retryInMs: 5 });
    expect(shown.value().state).toBe("connected");
  });
});

describe("injectLatest", () => {
  test("shows the newest event, with all its arguments", async () => {
    const { core, fixture, shown, text } = await rendered(
      showing(() => injectLatest("moved", { initialValue: "nowhere" })),
    );
    expect(text()).toBe("nowhere");
    core.delivers("moved", [1, 2]);
    await fixture.whenStable();
    expect(shown.value()).toEqual([1, 2]);
    expect(text()).toBe("1,2");
    fixture.destroy();
    expect(core.names.has("moved")).toBe(false);
  });
});

describe("injectAction", () => {
  test("tells how the action goes that was enqueued last", async () => {
    const { core, shown } = await rendered(showing(() => injectAction("save", { lane: "a" }), ""));
    const save = shown.value;
    expect([save.status(), save.isPending()]).toEqual([undefined, false]);
    save.run({ title: "x" });
    expect(core.callsOf("enqueue")[0]?.[1]).toMatchObject({ name: "save", lane: "a" });
    expect([save.status()?.state, save.isPending()]).toEqual(["storing", true]);
    core.moves("id", "applied", { attempts: 1, args: ["done"] });
    await turn();
    expect([save.status()?.state, save.isPending(), save.value()]).toEqual([
      ...["applied", false, "done"],
    ]);
    save.reset();
    expect([save.action(), save.status(), save.value()]).toEqual([undefined, undefined, undefined]);
  });

  test("tells why it ended", async () => {
    const { core, shown } = await rendered(showing(() => injectAction("save"), ""));
    shown.value.run();
    core.moves("id", "expired", { error: "action_expired" });
    expect(shown.value.error()).toMatchObject({ code: "action_expired" });
  });
});

describe("injectOutbox", () => {
  test("returns what has not ended", async () => {
    const { client, shown } = await rendered(showing(() => injectOutbox(), ""));
    client.enqueue("save");
    await turn();
    expect(shown.value()).toMatchObject([{ id: "id", event: "save" }]);
  });
});

describe("injectTopic", () => {
  const room = (number: number) => ({ join: ["join", number] as [string, number] });

  test("joins as long as the component is there", async () => {
    const { core, fixture, shown } = await rendered(showing(() => injectTopic(room(1)), ""));
    core.events.topic(0, '["join",1]', "live", undefined, []);
    expect(shown.value()).toEqual({ state: "live" });
    fixture.destroy();
    expect(core.callsOf("releaseTopic")).toEqual([[0, '["join",1]']]);
  });

  test("leaves one room for the next", async () => {
    const number = signal<number | undefined>(1);
    const topic = () => {
      const wanted = number();
      return wanted === undefined ? undefined : room(wanted);
    };
    const { core, fixture, shown } = await rendered(showing(() => injectTopic(topic), ""));
    expect(core.callsOf("retainTopic").at(-1)?.[1]).toBe('["join",1]');
    number.set(2);
    await fixture.whenStable();
    expect(core.callsOf("releaseTopic").at(-1)?.[1]).toBe('["join",1]');
    expect(core.callsOf("retainTopic").at(-1)?.[1]).toBe('["join",2]');
    number.set(undefined);
    await fixture.whenStable();
    expect(core.callsOf("releaseTopic").at(-1)?.[1]).toBe('["join",2]');
    expect(shown.value()).toEqual({ state: "idle" });
  });
});

describe("fromSockeyeEvent", () => {
  test("is an observable of RxJS that ends with the component", async () => {
    const told: unknown[] = [];
    const ended = vi.fn();
    const use = () =>
      fromSockeyeEvent("message").subscribe({
        next: (value) => void told.push(value),
        complete: ended,
      });
    const { core, fixture } = await rendered(showing(use, ""));
    core.delivers("message", ["a", "b"]);
    expect(told).toEqual([["a", "b"]]);
    fixture.destroy();
    expect(ended).toHaveBeenCalledTimes(1);
    expect(core.names.has("message")).toBe(false);
  });
});
