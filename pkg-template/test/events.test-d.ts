/** Event maps as users of socket.io write them, and what becomes of them. */
import { describe, expectTypeOf, test } from "vitest";
import {
  createClient,
  type AckValue,
  type AnyEvent,
  type EventArguments,
  type EventName,
  type EventValue,
} from "../src/index.js";

interface Job {
  id: string;
  progress: number;
}

interface ServerToClient {
  "job:progress": (job: Job) => void;
  noArguments: () => void;
  pair: (x: number, y: string) => void;
  triple: (x: number, y: string, z: Date) => void;
  list: (items: Job[]) => void;
  tuple: (point: [number, number]) => void;
  either: (value: string | number) => void;
  ask: (question: string, answer: (reply: boolean) => void) => void;
  askNothing: (answer: (reply: number) => void) => void;
  rest: (...values: number[]) => void;
}

interface ClientToServer {
  typing: (room: string) => void;
  move: (x: number, y: number) => void;
  clear: () => void;
  save: (draft: { text: string }, ack: (stored: Job) => void) => void;
  find: (id: string, ack: (error: string | null, job: Job) => void) => void;
  flush: (ack: () => void) => void;
  list: (ack: (jobs: Job[]) => void) => void;
  optional: (room: string, limit?: number) => void;
}

type ServerToClientType = {
  "job:progress": (job: Job) => void;
  ask: (question: string, answer: (reply: boolean) => void) => void;
};

const client = createClient<ServerToClient, ClientToServer>("https://example.com");

describe("names", () => {
  test("are those of the map", () => {
    expectTypeOf<EventName<ClientToServer>>().toEqualTypeOf<
      "typing" | "move" | "clear" | "save" | "find" | "flush" | "list" | "optional"
    >();
    expectTypeOf<EventName<ServerToClientType>>().toEqualTypeOf<"job:progress" | "ask">();
  });

  test("of other events are errors", () => {
    // @ts-expect-error -- no such event
    client.on("jobs");
    // @ts-expect-error -- an event of the other direction
    client.on("typing");
    // @ts-expect-error -- an event of the other direction
    client.emit("job:progress", { id: "1", progress: 0 });
    // @ts-expect-error -- no such event
    void client.request("nothing");
    // @ts-expect-error -- no such event
    client.respond("nothing", () => undefined);
  });
});

describe("a subscriber", () => {
  test("gets the one argument, otherwise the tuple", () => {
    type Value<Name extends keyof ServerToClient> = EventValue<ServerToClient, Name>;
    expectTypeOf<Value<"job:progress">>().toEqualTypeOf<Job>();
    expectTypeOf<Value<"noArguments">>().toEqualTypeOf<undefined>();
    expectTypeOf<Value<"pair">>().toEqualTypeOf<[x: number, y: string]>();
    expectTypeOf<Value<"triple">>().toEqualTypeOf<[x: number, y: string, z: Date]>();
    expectTypeOf<Value<"list">>().toEqualTypeOf<Job[]>();
    expectTypeOf<Value<"tuple">>().toEqualTypeOf<[number, number]>();
    expectTypeOf<Value<"either">>().toEqualTypeOf<string | number>();
    expectTypeOf<Value<"rest">>().toBeAny();
  });

  test("does not get the acknowledgement", () => {
    expectTypeOf<EventValue<ServerToClient, "ask">>().toEqualTypeOf<string>();
    expectTypeOf<EventValue<ServerToClient, "askNothing">>().toEqualTypeOf<undefined>();
  });

  test("is typed by its event", async () => {
    client.on("job:progress").subscribe((job) => expectTypeOf(job).toEqualTypeOf<Job>());
    client.on("pair").subscribe({
      next: ([x, y]) => expectTypeOf({ x, y }).toEqualTypeOf<{ x: number; y: string }>(),
    });
    for await (const job of client.on("job:progress")) expectTypeOf(job).toEqualTypeOf<Job>();
    // @ts-expect-error -- a listener of other values
    client.on("job:progress").subscribe((job: number) => job);
  });

  test("is typed by a map that is a type, too", () => {
    const typed = createClient<ServerToClientType>("https://example.com");
    typed.on("job:progress").subscribe((job) => expectTypeOf(job).toEqualTypeOf<Job>());
    // @ts-expect-error -- no such event
    typed.on("pair");
  });
});

describe("emit()", () => {
  test("takes the arguments of the event", () => {
    expectTypeOf<EventArguments<ClientToServer, "move">>().toEqualTypeOf<[x: number, y: number]>();
    client.emit("typing", "lobby");
    client.emit("move", 1, 2);
    client.emit("clear");
    client.with({ volatile: true }).emit("move", 1, 2);
  });

  test("leaves the acknowledgement out", () => {
    client.emit("save", { text: "x" });
    client.emit("flush");
    expectTypeOf<EventArguments<ClientToServer, "flush">>().toEqualTypeOf<[]>();
    expectTypeOf<EventArguments<ClientToServer, "save">>().toEqualTypeOf<
      [draft: { text: string }]
    >();
  });

  test("takes optional arguments or leaves them out", () => {
    client.emit("optional", "lobby");
    client.emit("optional", "lobby", 5);
  });

  test("refuses wrong arguments", () => {
    // @ts-expect-error -- one is missing
    client.emit("typing");
    // @ts-expect-error -- one of another type
    client.emit("typing", 1);
    // @ts-expect-error -- one too many
    client.emit("clear", 1);
    // @ts-expect-error -- one is missing
    client.emit("move", 1);
    // @ts-expect-error -- one of another type
    client.with({}).emit("optional", "lobby", "5");
    // @ts-expect-error -- acknowledgements are for request()
    client.emit("save", { text: "x" }, () => undefined);
  });

  test("returns nothing", () => {
    expectTypeOf<ReturnType<typeof client.emit>>().toBeVoid();
  });
});

describe("request()", () => {
  test("resolves with what the server acknowledges", () => {
    expectTypeOf(client.request("save", { text: "x" })).resolves.toEqualTypeOf<Job>();
    expectTypeOf(client.request("list")).resolves.toEqualTypeOf<Job[]>();
    expectTypeOf(client.request("flush")).resolves.toEqualTypeOf<undefined>();
    expectTypeOf(client.request("find", "1")).resolves.toEqualTypeOf<
      [error: string | null, job: Job]
    >();
    expectTypeOf(client.with({ timeoutMs: 5 }).request("list")).resolves.toEqualTypeOf<Job[]>();
  });

  test("refuses an event without acknowledgement", () => {
    // @ts-expect-error -- nobody would answer
    void client.request("typing", "lobby");
    expectTypeOf<AckValue<ClientToServer, "clear">>().toBeNever();
    expectTypeOf<AckValue<ClientToServer, "optional">>().toBeNever();
  });

  test("refuses wrong arguments", () => {
    // @ts-expect-error -- one is missing
    void client.request("save");
    // @ts-expect-error -- one of another type
    void client.request("save", { text: 1 });
    // @ts-expect-error -- one too many
    void client.request("list", 1);
  });
});

describe("respond()", () => {
  test("is given the question and gives the answer", () => {
    client.respond("ask", (question) => {
      expectTypeOf(question).toEqualTypeOf<string>();
      return true;
    });
    client.respond("ask", async () => Promise.resolve(true));
    client.respond("askNothing", () => 1);
  });

  test("refuses wrong answers", () => {
    // @ts-expect-error -- an answer of another type
    client.respond("ask", () => "yes");
    // @ts-expect-error -- an answer of another type
    client.respond("ask", async () => Promise.resolve(1));
    // @ts-expect-error -- no answer
    client.respond("ask", () => undefined);
    // @ts-expect-error -- an event that takes no answer
    client.respond("job:progress", () => 1);
  });
});

describe("a client without event maps", () => {
  const untyped = createClient("https://example.com");

  test("takes any event with any arguments", () => {
    untyped.emit("anything", 1, "two", { three: 3 });
    untyped.on("anything").subscribe((value) => expectTypeOf(value).toBeAny());
    expectTypeOf(untyped.request("anything", 1)).resolves.toBeAny();
    untyped.respond("anything", () => 5);
    untyped.respond("anything", (value: string) => value);
  });

  test("still has names that are texts", () => {
    // @ts-expect-error -- not a text
    untyped.emit(5);
  });
});

describe("one map", () => {
  test("serves both directions", () => {
    const both = createClient<ServerToClientType>("https://example.com");
    both.emit("job:progress", { id: "1", progress: 0 });
    expectTypeOf(both.request("ask", "really?")).resolves.toEqualTypeOf<boolean>();
    both.respond("ask", () => true);
  });
});

describe("a namespace", () => {
  test("has maps of its own", () => {
    const admin = client.namespace<ServerToClientType, ClientToServer>("/admin");
    admin.on("ask").subscribe((question) => expectTypeOf(question).toEqualTypeOf<string>());
    admin.emit("typing", "lobby");
    // @ts-expect-error -- an event of the other direction
    admin.emit("ask", "?");
    // @ts-expect-error -- an event of another namespace
    admin.on("pair");
  });

  test("without maps takes any event", () => {
    client.namespace("/any").emit("anything", 1);
    client
      .namespace("/any")
      .on("anything")
      .subscribe((value) => expectTypeOf(value).toBeAny());
  });
});

describe("all events", () => {
  test("come with their names and arguments", () => {
    client.onAny().subscribe((value) => {
      expectTypeOf(value.event).toEqualTypeOf<EventName<ServerToClient>>();
      if (value.event === "pair")
        expectTypeOf(value.args).toEqualTypeOf<readonly [number, string]>();
      if (value.event === "rest") expectTypeOf(value.args).toEqualTypeOf<readonly number[]>();
      if (value.event === "ask") expectTypeOf(value.args).toEqualTypeOf<readonly [string]>();
      // @ts-expect-error -- an event of the other direction
      if (value.event === "typing") return;
    });
  });

  test("go with their names and arguments", () => {
    client.onAnyOutgoing().subscribe((value) => {
      expectTypeOf(value.event).toEqualTypeOf<EventName<ClientToServer>>();
      if (value.event === "find") expectTypeOf(value.args).toEqualTypeOf<readonly [string]>();
    });
  });

  test("are anything where no map is declared", () => {
    createClient("https://example.com")
      .onAny()
      .subscribe((value) => {
        expectTypeOf(value.event).toEqualTypeOf<string>();
        expectTypeOf(value.args[0]).toBeAny();
      });
    expectTypeOf<AnyEvent["event"]>().toEqualTypeOf<string>();
  });
});
