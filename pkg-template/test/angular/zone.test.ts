// @vitest-environment jsdom
import "zone.js";
import {
  ApplicationRef,
  Component,
  EnvironmentInjector,
  NgZone,
  provideZoneChangeDetection,
} from "@angular/core";
import { TestBed } from "@angular/core/testing";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type * as Core from "../../src/core.js";
import {
  fromSockeyeEvent,
  injectLatest,
  injectSockeye,
  provideSockeye,
} from "../../src/angular.js";
import { type Call, FakeCore } from "../support/fakeCore.js";
import { turn } from "../support/setUp.js";
import "./testBed.js";

/** Which calls of the core came from inside of Angular's zone. */
const inside: Call[] = [];
let core: FakeCore | undefined;
vi.mock("../../src/core.js", () => ({
  createCore: ((options, events) => {
    const made = new FakeCore(options, events);
    made.onCall = (call) => {
      if (NgZone.isInAngularZone()) inside.push(call);
    };
    core = made;
    return Promise.resolve(made);
  }) satisfies typeof Core.createCore,
}));

class Quote {
  readonly client = injectSockeye();
  readonly quote = injectLatest("quote");
  readonly told: unknown[] = [];

  constructor() {
    fromSockeyeEvent("news").subscribe((news) => this.told.push(news));
  }
}

Component({ template: "{{ quote() }}" })(Quote);

/** A component in an application with zone.js that has been rendered, and how often all is checked from now on. */
async function rendered() {
  TestBed.configureTestingModule({
    providers: [provideZoneChangeDetection(), provideSockeye({ url: "https://example.com" })],
  });
  const zone = TestBed.inject(NgZone);
  const fixture = zone.run(() => TestBed.createComponent(Quote));
  fixture.autoDetectChanges();
  const { componentInstance: shown } = fixture;
  await zone.run(async () => {
    shown.client.connect().catch(() => {});
    await vi.waitFor(() => expect(core?.callsOf("connect").length).toBe(1));
  });
  const made = core as FakeCore;
  made.says("connected");
  await turn();
  const tick = vi.spyOn(TestBed.inject(ApplicationRef), "tick");
  return { core: made, zone, fixture, shown, tick };
}

beforeEach(() => {
  inside.length = 0;
  core = undefined;
});

describe("in an application with zone.js", () => {
  test("everything happens outside of the zone, whoever calls", async () => {
    const { core, zone, shown } = await rendered();
    expect(TestBed.inject(EnvironmentInjector)).toBeDefined();
    zone.run(() => {
      shown.client.emit("hello");
      shown.client.enqueue("save");
      void shown.client.request("ask").catch(() => {});
    });
    expect(core.calls.map(([name]) => name)).toContain("enqueue");
    expect(inside).toEqual([]);
  });

  test("nothing is checked for events that nobody shows, and what is shown is", async () => {
    const { core, fixture, shown, tick } = await rendered();
    for (let news = 0; news < 10; news += 1) core.delivers("news", [news]);
    await turn();
    expect(shown.told.length).toBe(10);
    expect(tick).not.toHaveBeenCalled();
    core.delivers("quote", [42]);
    await fixture.whenStable();
    expect((fixture.nativeElement as HTMLElement).textContent).toBe("42");
    fixture.destroy();
    expect([...core.names.keys()]).toEqual([]);
  });
});
