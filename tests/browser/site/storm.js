// Two clients of one user that are used in every way while the core traps again and again.
//
// Each trap is at an entry of the module that is drawn with its place from a seed. Both clients share the
// instance and the outbox's store, so that both lose their cores, and each hears what the other stores.

import { PLACES } from "./traps.js";

const ignore = () => {};
const INTENTION = "thrown by intention";
const soon = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** How each entry is reached. What reaches it only now and then is called until it has. */
const provocations = {
  client_emit: ({ client }) => client.emit("note", 1),
  client_emitLatest: ({ client }) => client.emitLatest("key", "note", 2),
  client_request: ({ client }) => void client.request("ask").catch(ignore),
  client_cancel: ({ client }) => {
    const leave = new AbortController();
    void client.with({ signal: leave.signal }).request("never").catch(ignore);
    leave.abort();
  },
  client_enqueue: ({ enqueue }) => enqueue(),
  client_storeAnswered: ({ enqueue }) => enqueue(),
  client_storeChanged: ({ enqueue }) => enqueue(),
  client_cancelAction: ({ enqueue }) => enqueue({ isCancelled: true }),
  client_pauseOutbox: ({ client }) => client.outbox.pause(),
  client_resumeOutbox: ({ client }) => client.outbox.resume(),
  client_retryAction: ({ client }) => client.outbox.retry("nobody"),
  client_connect: ({ reconnect }) => reconnect(),
  client_disconnect: ({ reconnect }) => reconnect(),
  client_refreshAuth: ({ client }) => void client.refreshAuth().catch(ignore),
  client_reconnectNow: ({ client }) => client.reconnectNow(),
  client_socket: ({ client, number }) => void client.namespace(`/n${number()}`),
  client_setHooks: ({ client }) => client.onGap(ignore).unsubscribe(),
  client_retainTopic: ({ client }) =>
    client
      .topic({ join: ["ask"] })
      .retain()
      .unsubscribe(),
  client_releaseTopic: ({ client }) =>
    client
      .topic({ join: ["ask"] })
      .retain()
      .unsubscribe(),
  client_topicConfirmed: ({ client }) => {
    const confirm = { event: "told", match: () => true };
    const topic = client.topic({ join: ["tellMe"], key: "confirmed", confirm }).retain();
    setTimeout(() => topic.unsubscribe(), 20);
  },
  client_positions: ({ client }) => client.dedup.snapshot(),
  client_dedupStatistics: ({ client }) => client.dedup.statistics,
  client_outboxSize: ({ client }) => client.metrics.value,
  client_probeRoundTripMs: ({ client }) => client.metrics.value,
  client_acknowledge: ({ client }) => client.emit("askMe"),
  client_handleEvent: ({ client }) => client.emit("tellMe"),
  client_handleIdentifiedEvent: ({ client }) => client.emit("tellMe"),
  client_handleBinaryEvent: ({ client }) => client.emit("tellMe"),
  client_handleBinary: ({ client }) => client.emit("tellMe"),
  client_handleFailure: ({ client }) => client.emit("tellMe"),
  client_handleAnswer: ({ client }) => void client.request("ask").catch(ignore),
  client_handleText: ({ reconnect }) => reconnect(),
  client_handleOpened: ({ reconnect }) => reconnect(),
  client_handleClosed: ({ client }) => client.emit("cutMe"),
  client_handlePolled: ({ reconnect }) => reconnect(),
  client_handlePosted: ({ reconnect }) => reconnect(),
  client_authenticate: ({ reconnect }) => reconnect(),
  client_failAuthentication: ({ reconnect, state }) => {
    state.isAuthFailing = true;
    reconnect();
  },
  client_prologueDone: ({ reconnect }) => reconnect(),
  client_emitFirst: ({ reconnect }) => reconnect(),
  client_requestFirst: ({ reconnect }) => reconnect(),
  client_gapDone: ({ fail }) => fail(),
  client_flushPlan: ({ enqueue, reconnect }) => {
    enqueue();
    reconnect();
  },
  // The timer: that of the outbox, or of a wait.
  wasm_bindgen_: ({ client }) => client.emit("cutMe"),
  // What happens only while a core is made, so after another trap.
  client_new: ({ fail }) => fail(),
  client_reportTo: ({ fail }) => fail(),
  client_configureOutbox: ({ fail }) => fail(),
  client_openOutbox: ({ fail }) => fail(),
  client_expectGap: ({ fail }) => fail(),
};

/** Numbers from 0 to below 1, always the same for a seed. */
function randomOf(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** All entries in every place, shuffled; `count` of them, from the start again if there are fewer. */
function draw(count, random) {
  const all = Object.keys(provocations).flatMap((name) => PLACES.map((place) => [name, place]));
  const shuffled = all.map((one) => [random(), one]).sort(([one], [other]) => one - other);
  return Array.from({ length: count }, (_, index) => shuffled[index % shuffled.length][1]);
}

class Storm {
  /** What `enqueue` gave, each with what it saves. */
  actions = [];
  failures = 0;
  state = { isAuthFailing: false };
  #clients;
  #random;
  #traps;
  #next = 0;
  #reconnectAt = 0;

  constructor(makeClient, traps, seed) {
    this.#random = randomOf(seed);
    this.#traps = traps;
    this.#clients = ["a", "b"].map(() => this.#make(makeClient));
  }

  /** Traps once, and waits until both clients are connected again. */
  async trap(name, place) {
    const client = this.#pick(this.#clients);
    for (let count = 0; count < 3; count++) this.#enqueue(this.#pick(this.#clients));
    let isSprung = false;
    void this.#traps.set(place, name).then(() => (isSprung = true));
    while (!isSprung) {
      try {
        provocations[name](this.#hands(client));
      } catch {
        // It trapped in the call, or there is no core at the moment.
      }
      await soon(5);
      this.#reviveAll();
    }
    await this.#settle();
  }

  /** Resolves when everything that was enqueued has ended. */
  async finish() {
    await this.#settle();
    const ended = this.actions.map(async ({ action, ...about }) => {
      const isAccepted = await isFulfilled(action.accepted);
      const code = await codeOf(action.result);
      return { ...about, isAccepted, code };
    });
    const actions = await Promise.all(ended);
    // One hears from the other's how an action of its own ended, and that takes a moment.
    const left = await Promise.all(this.#clients.map(leftOf));
    await Promise.all(this.#clients.map((client) => client.destroy()));
    return { actions, left, failures: this.failures };
  }

  #make(makeClient) {
    const client = makeClient({
      transports: ["polling", "websocket"],
      auth: () => {
        const { isAuthFailing } = this.state;
        this.state.isAuthFailing = false;
        if (isAuthFailing) throw new Error("no token");
        return {};
      },
      dedup: { id: "id", only: ["known"] },
      outbox: { beforeFlush: (items) => items },
    });
    client.on("told").subscribe(() => {
      throw new Error(INTENTION);
    });
    client.on("known").subscribe(ignore);
    client.on("bytes").subscribe(ignore);
    client.respond("whoAreYou", () => "me");
    client.onGap(ignore);
    client.onConnected(async (first) => {
      try {
        first.emit("note", 0);
        await first.request("ask");
      } catch {
        // The core failed meanwhile, or the connection ended.
      }
    });
    client.errors.subscribe(({ code }) => (this.failures += code === "core_failed" ? 1 : 0));
    void client.connect().catch(ignore);
    return client;
  }

  #hands(client) {
    return {
      client,
      state: this.state,
      enqueue: (options) => this.#enqueue(client, options),
      number: () => this.#next++ % 4,
      reconnect: () => this.#reconnect(),
      fail: () => {
        // A core that fails before that leaves nothing that the next one could have missed.
        if (!client.continuity.value) return;
        this.#traps.setBefore();
        client.emit("note", 3);
      },
    };
  }

  #enqueue(client, { isCancelled = false } = {}) {
    const value = `value ${this.#next++}`;
    const lane = this.#pick(["x", "y", "z"]);
    const action = client.with({ lane }).enqueue("save", value);
    this.actions.push({ action, value, isCancelled });
    if (isCancelled) void action.cancel();
  }

  /** Both, because only one of them drains. A connection gets the time to do what is due on it. */
  #reconnect() {
    if (performance.now() < this.#reconnectAt) return;
    this.#reconnectAt = performance.now() + 200;
    for (const client of this.#clients) {
      if (client.status.value.state !== "connected") continue;
      client.disconnect();
      this.#enqueue(client);
      void client.connect().catch(ignore);
    }
  }

  /** After the fourth failure within a minute a client stops. */
  #reviveAll() {
    for (const client of this.#clients) {
      if (client.status.value.state === "disconnected") void client.connect().catch(ignore);
    }
  }

  async #settle() {
    for (const client of this.#clients) {
      client.outbox.resume();
      while (client.status.value.state !== "connected") {
        this.#reviveAll();
        await soon(5);
      }
    }
  }

  #pick(list) {
    return list[Math.floor(this.#random() * list.length)];
  }
}

/** How many actions are left in the outbox of a client that has nothing more to do. */
async function leftOf({ outbox }) {
  for (let waited = 0; waited < 10_000 && outbox.items.value.length > 0; waited += 5) await soon(5);
  return outbox.items.value.length;
}

const isFulfilled = (promise) =>
  promise.then(
    () => true,
    () => false,
  );
const codeOf = (promise) =>
  promise.then(
    () => "applied",
    ({ code }) => code,
  );

/**
 * Has the core trap `count` times. `makeClient(options)` makes a client of a server that saves what it is
 * told to; resolves with what became of all that was enqueued.
 */
export async function storm({ makeClient, traps, count, seed }) {
  const { reportError } = globalThis;
  globalThis.reportError = (error) => {
    if (error.message !== INTENTION) throw error;
  };
  const run = new Storm(makeClient, traps, seed);
  await run.trap("client_emit", "before");
  for (const [name, place] of draw(count - 1, randomOf(seed))) await run.trap(name, place);
  const result = await run.finish();
  globalThis.reportError = reportError;
  const { sprung, lateCalls, instances } = traps;
  return { ...result, sprung, lateCalls, instances };
}
