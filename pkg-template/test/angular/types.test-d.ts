import type { Signal } from "@angular/core";
import { expectTypeOf, test } from "vitest";
import type { ClientStatus, Client, NamespaceClient } from "../../src/index.js";
import { createSockeyeInjectors, injectLatest, injectStatus } from "../../src/angular.js";

interface Listen {
  quote: (quote: { symbol: string }) => void;
  moved: (x: number, y: number) => void;
}
interface Emit {
  save: (title: string, done: (revision: number) => void) => void;
  typing: (room: string) => void;
  "room:join": (room: string, done: (joined: boolean) => void) => void;
}
const typed = createSockeyeInjectors<Listen, Emit>();

test("functions know the application's events", () => {
  expectTypeOf(typed.injectSockeye()).toEqualTypeOf<Client<Listen, Emit>>();
  expectTypeOf(typed.injectLatest("quote")).toEqualTypeOf<Signal<{ symbol: string } | undefined>>();
  const none = { initialValue: null };
  expectTypeOf(typed.injectLatest("quote", none)).toEqualTypeOf<
    Signal<{ symbol: string } | null>
  >();
  typed.fromSockeyeEvent("moved").subscribe(([x]) => expectTypeOf(x).toEqualTypeOf<number>());
  // @ts-expect-error -- there is no such event
  typed.injectLatest("nothing");
  // @ts-expect-error -- an event of the other direction
  typed.fromSockeyeEvent("typing");
  const save = typed.injectAction("save");
  expectTypeOf(save.run).parameters.toEqualTypeOf<[title: string]>();
  expectTypeOf(save.value).toEqualTypeOf<Signal<number | undefined>>();
  // @ts-expect-error -- nobody acknowledges it
  typed.injectAction("typing");
  typed.injectTopic({ join: ["room:join", "a"] });
  typed.injectTopic(() => undefined);
  // @ts-expect-error -- a room is a text
  typed.injectTopic({ join: ["room:join", 1] });
});

test("a provider takes an address with options, a client, or a function that gives one of them", () => {
  typed.provideSockeye({ url: "https://example.com", auth: { token: "t" } });
  typed.provideSockeye(() => ({ url: "https://example.com" }));
  // @ts-expect-error -- an unknown option
  typed.provideSockeye({ url: "https://example.com", token: "t" });
  // @ts-expect-error -- there is no address
  typed.provideSockeye({});
});

test("injectStatus returns the status, or what is selected", () => {
  expectTypeOf(injectStatus(({ state }) => state.length)).toEqualTypeOf<Signal<number>>();
  expectTypeOf(injectStatus()).toEqualTypeOf<Signal<ClientStatus>>();
});

test("functions may be of a namespace", () => {
  type Admin = NamespaceClient<Listen, Emit>;
  const admin = createSockeyeInjectors<Listen, Emit, Admin>();
  expectTypeOf(admin.injectSockeye()).toEqualTypeOf<Admin>();
});

test("without event maps every event will do", () => {
  expectTypeOf(injectLatest("any")).not.toEqualTypeOf<Signal<undefined>>();
});
