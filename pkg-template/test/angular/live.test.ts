// @vitest-environment jsdom
import { Component, PLATFORM_ID, signal } from "@angular/core";
import { describe, expect, test, vi } from "vitest";
import { injectJob, injectLive, injectSockeye } from "../../src/angular.js";
import { live, roomJobs } from "../../src/index.js";
import { turn } from "../support/setUp.js";
import { rendered } from "./testBed.js";

function orderPage(fetchFirst: (id: number) => string) {
  class Page {
    readonly client = injectSockeye();
    readonly id = signal(7);
    readonly order = injectLive(() => {
      const id = this.id();
      const fetched = () => fetchFirst(id);
      return live(this.client, fetched, "order", (state, word: string) => state + word);
    });
  }
  Component({ template: "{{ order().state }} {{ order().value }}" })(Page);
  return Page;
}

describe("injectLive", () => {
  test("shows what is fetched and merged, for the signals that it reads", async () => {
    const { core, fixture, shown, text } = await rendered(orderPage((id) => `${id}`));
    const settled = async () => {
      await turn();
      await fixture.whenStable();
    };
    await settled();
    expect(text()).toBe("live 7");
    core.delivers("order", ["!"]);
    await settled();
    expect(text()).toBe("live 7!");
    shown.id.set(8);
    await settled();
    await settled();
    expect(text()).toBe("live 8");
    fixture.destroy();
    expect([...core.names.keys()]).toEqual([]);
  });

  test("fetches nothing on a server", async () => {
    const fetchFirst = vi.fn(() => "");
    const onServer = [{ provide: PLATFORM_ID, useValue: "server" }];
    const { text } = await rendered(orderPage(fetchFirst), onServer);
    await turn();
    expect(text()).toContain("loading");
    expect(fetchFirst).not.toHaveBeenCalled();
  });
});

describe("injectJob", () => {
  test("follows the job that a signal names", async () => {
    class Page {
      readonly id = signal<string | undefined>(undefined);
      readonly job = injectJob(injectSockeye(), () => this.id(), roomJobs);
    }
    Component({ template: "{{ job()?.status }}" })(Page);
    const { core, fixture, shown, text } = await rendered(Page);
    expect(text()).toBe("");
    shown.id.set("7");
    await fixture.whenStable();
    const [topic] = core.callsOf("retainTopic");
    core.events.topic(0, topic?.[1] ?? "", "live", undefined, []);
    await turn();
    core.delivers("job:failed", [{ jobId: "7", error: "no" }]);
    await fixture.whenStable();
    expect(text()).toBe("failed");
    expect(core.callsOf("releaseTopic")).toHaveLength(1);
  });
});
