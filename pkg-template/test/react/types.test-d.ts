import { expectTypeOf, test } from "vitest";
import type { Client, NamespaceClient } from "../../src/index.js";
import { createSockeyeContext, useEvent, useStatus } from "../../src/react.js";

interface Listen {
  quote: (quote: { symbol: string }) => void;
  moved: (x: number, y: number) => void;
}
interface Emit {
  save: (title: string, done: (revision: number) => void) => void;
  typing: (room: string) => void;
  "room:join": (room: string, done: (joined: boolean) => void) => void;
}
const typed = createSockeyeContext<Listen, Emit>();

test("hooks know the application's events", () => {
  expectTypeOf(typed.useSockeye()).toEqualTypeOf<Client<Listen, Emit>>();
  expectTypeOf(typed.useLatest("quote")).toEqualTypeOf<{ symbol: string } | undefined>();
  expectTypeOf(typed.useEvents("moved")).toEqualTypeOf<readonly [x: number, y: number][]>();
  typed.useEvent("moved", ([x]) => expectTypeOf(x).toEqualTypeOf<number>());
  // @ts-expect-error -- there is no such event
  typed.useEvent("nothing", () => {});
  const save = typed.useAction("save");
  expectTypeOf(save.run).parameters.toEqualTypeOf<[title: string]>();
  expectTypeOf(save.value).toEqualTypeOf<number | undefined>();
  // @ts-expect-error -- nobody acknowledges it
  typed.useAction("typing");
  typed.useTopic({ join: ["room:join", "a"] });
  // @ts-expect-error -- a room is a text
  typed.useTopic({ join: ["room:join", 1] });
});

test("useStatus returns the status, or what is selected", () => {
  expectTypeOf(useStatus(({ state }) => state.length)).toEqualTypeOf<number>();
  expectTypeOf(useStatus().state).toExtend<string>();
});

test("a context may be of a namespace", () => {
  type Admin = NamespaceClient<Listen, Emit>;
  const admin = createSockeyeContext<Listen, Emit, Admin>();
  expectTypeOf(admin.useSockeye()).toEqualTypeOf<Admin>();
});

test("without event maps every event will do", () => {
  useEvent("any", (value: { id: number }) => value.id.toFixed());
});
