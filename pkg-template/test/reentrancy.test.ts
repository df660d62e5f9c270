/** Every callback of the application may call every method of the client. */
import { describe, expect, test } from "vitest";
import type { ClientOptions } from "../src/options.js";
import { memoryOutboxStore } from "../src/memoryStore.js";
import { connected, turn } from "./support/setUp.js";

type Setting = Awaited<ReturnType<typeof setUp>>;

const room = { join: ["join"], leave: ["leave"] } as const;
const ignore = () => {};

async function setUp() {
  const calls = { inside: ignore };
  const call = () => {
    const { inside } = calls;
    calls.inside = ignore; // Once: it may cause the same callback.
    inside();
  };
  let ids = 0;
  const options = {
    auth: () => {
      call();
      return {};
    },
    randomId: () => `id-${++ids}`,
    outbox: {
      store: memoryOutboxStore(),
      beforeFlush: (items) => {
        call();
        return items;
      },
    },
    reconnectOn: {
      refused: () => {
        call();
        return false;
      },
      serverDisconnect: () => {
        call();
        return false;
      },
    },
  } satisfies ClientOptions;
  const setting = await connected(options, () => {
    call();
    return "https://example.com";
  });
  return { ...setting, calls, call };
}

/** What the application can be called for: `begin` has it called. */
const callbacks: Record<string, (setting: Setting) => void> = {
  "a listener": ({ client, core, call }) => {
    client.on("news").subscribe(call);
    core.delivers("news", [1]);
  },
  "a listener of all": ({ client, core, call }) => {
    client.onAny().subscribe(call);
    core.delivers("other", [1]);
  },
  "a listener of what is sent": ({ client, call }) => {
    client.onAnyOutgoing().subscribe(call);
    client.emit("a");
  },
  "a responder": ({ client, core, call }) => {
    client.respond("ask", call);
    core.delivers("ask", [], { ackId: 1 });
  },
  "an observer of the status": ({ client, core, call }) => {
    client.status.subscribe(({ state }) => {
      if (state === "waiting") call();
    });
    core.says("waiting", { cause: "transport_close" });
  },
  "an observer of the errors": ({ client, core, call }) => {
    client.errors.subscribe(call);
    core.fails("server_unreachable");
  },
  "an observer of an action": ({ client, core, call }) => {
    client.enqueue("save").status.subscribe(({ state }) => {
      if (state === "queued") call();
    });
    core.moves("id-1", "queued");
  },
  "an observer of the outbox": ({ client, call }) => {
    let isFirst = true;
    client.outbox.items.subscribe(() => {
      if (!isFirst) call();
      isFirst = false;
    });
    client.enqueue("save");
  },
  "an observer of a topic": ({ client, core, call }) => {
    const topic = client.topic({ ...room, key: "watched" });
    topic.retain();
    topic.status.subscribe(({ state }) => {
      if (state === "live") call();
    });
    core.events.topic(0, "watched", "live", undefined, []);
  },
  "an observer of the continuity": ({ client, core, call }) => {
    client.continuity.subscribe((verdict) => {
      if (verdict) call();
    });
    core.events.continuity(0, { kind: "fresh", connection: 0, isLate: false });
  },
  "what confirms a topic": ({ client, core, call }) => {
    const confirm = { event: "joined", match: () => (call(), true) };
    client.topic({ join: ["join"], key: "confirmed", confirm }).retain();
    core.events.confirming(0, core.names.get("joined") ?? -1, ["joined"]);
  },
  "a prologue": ({ client, core, call }) => {
    client.onConnected(call);
    core.events.prologueNeeded(0, 1);
  },
  "a hook of a gap": ({ client, core, call }) => {
    client.onGap(call);
    core.events.continuity(0, { kind: "gap", connection: 0, isLate: false });
    core.events.gapHookNeeded(0, 1);
  },
  "the option auth": ({ core }) => {
    core.needsAuth(7);
  },
  "the option beforeFlush": ({ core }) => {
    core.events.flushAsked(0, 1, []);
  },
  "a policy": ({ core }) => {
    core.events.verdictNeeded(0, 1, { code: "connect_refused", message: "", hint: "" });
  },
  "a policy for disconnects": ({ core }) => {
    core.events.verdictNeeded(0, 1, { code: "server_disconnect", message: "", hint: "" });
  },
  "a function that gives the address": ({ core }) => {
    core.events.addressNeeded(1, 1);
  },
  "what reads rejections": ({ client, core, call }) => {
    client.outbox.nack("no", () => {
      call();
      return undefined;
    });
    core.delivers("no", [1]);
  },
  "an interceptor of what is sent": ({ client, call }) => {
    client.use({
      outbound: (_event, args) => {
        call();
        return args;
      },
    });
    try {
      client.emit("a");
    } catch (error) {
      expect(isAllowed(error), String(error)).toBe(true); // It was destroyed inside.
    }
  },
  "an interceptor of acknowledgements": ({ client, core, call }) => {
    client.use({
      ack: (_event, args) => {
        call();
        return args;
      },
    });
    void client.request("ask").catch(ignore);
    core.answers(0, 1);
  },
  "an interceptor": ({ client, core, call }) => {
    client.on("news").subscribe(ignore);
    client.use({
      inbound: (_event, args) => {
        call();
        return args;
      },
    });
    core.delivers("news", [1]);
  },
  "the end of a subscription": ({ client, call }) => {
    const leave = new AbortController();
    client.on("news").subscribe({ next: ignore, complete: call }, { signal: leave.signal });
    void client.destroy();
  },
  "an observer when the core has failed": ({ client, core, call }) => {
    client.errors.subscribe(call);
    core.dies();
  },
};

/** Everything that can be asked of a client. */
const methods: Record<string, (setting: Setting) => unknown> = {
  connect: ({ client }) => client.connect().catch(ignore),
  disconnect: ({ client }) => client.disconnect(),
  reconnectNow: ({ client }) => client.reconnectNow(),
  refreshAuth: ({ client }) => client.refreshAuth().catch(ignore),
  setIdentity: ({ client }) => client.setIdentity("bob"),
  logout: ({ client }) => client.logout({ queue: "discard" }),
  namespace: ({ client }) => client.namespace("/other").connect().catch(ignore),
  emit: ({ client }) => client.emit("a"),
  request: ({ client }) => client.request("a").catch(ignore),
  with: ({ client }) => client.with({ volatile: true }).emit("a"),
  emitLatest: ({ client }) => client.emitLatest("key", "a"),
  enqueue: ({ client }) => client.enqueue("a").result.catch(ignore),
  cancel: ({ client }) => client.enqueue("a").cancel(),
  on: ({ client }) => client.on("more").subscribe(ignore).unsubscribe(),
  onAny: ({ client }) => client.onAny().subscribe(ignore).unsubscribe(),
  respond: ({ client }) => client.respond("more", ignore as never).unsubscribe(),
  hold: ({ client }) => client.hold("more", 1).unsubscribe(),
  topic: ({ client }) => client.topic(room).retain().unsubscribe(),
  onConnected: ({ client }) => client.onConnected(ignore).unsubscribe(),
  onGap: ({ client }) => client.onGap(ignore).unsubscribe(),
  use: ({ client }) => client.use({}).unsubscribe(),
  "outbox.pause": ({ client }) => client.outbox.pause(),
  "outbox.resume": ({ client }) => client.outbox.resume(),
  "outbox.retry": ({ client }) => client.outbox.retry("id-1"),
  "outbox.clear": ({ client }) => client.outbox.clear(),
  "outbox.nack": ({ client }) => client.outbox.nack("no", () => undefined).unsubscribe(),
  "dedup.snapshot": ({ client }) => client.dedup.snapshot(),
  metrics: ({ client }) => client.metrics.value,
  trace: ({ client }) => client.trace(),
  destroy: ({ client }) => client.destroy(),
};

/** A client that has been destroyed says so. */
const isAllowed = (error: unknown) => (error as { code?: string }).code === "client_destroyed";

describe.each(Object.entries(callbacks))("inside of %s", (_callback, begin) => {
  test("takes every call inside of every callback", async () => {
    for (const [method, call] of Object.entries(methods)) {
      const setting = await setUp();
      const { client, core, calls } = setting;
      let isCalled = false;
      const heard: unknown[] = [];
      client.on("after").subscribe((value) => void heard.push(value));
      calls.inside = () => {
        isCalled = true;
        try {
          call(setting);
        } catch (error) {
          expect(isAllowed(error), `${method}: ${String(error)}`).toBe(true);
        }
      };
      begin(setting);
      await turn();
      expect(isCalled, `${method} was called`).toBe(true);
      const isOver = client.status.value.state === "closed";
      if (!isOver) core.delivers("after", [1]);
      expect(heard, `what comes after ${method}`).toEqual(isOver ? [] : [1]);
      await client.destroy();
    }
  });
});
