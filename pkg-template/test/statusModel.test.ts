/** Random calls and cores, against the table of docs/status.md. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { ClientStatus } from "../src/status.js";
import { dice } from "./support/dice.js";
import type { Call, FakeCore } from "./support/fakeCore.js";
import { idle, turn } from "./support/setUp.js";

const SEQUENCES = 2_000;
const MOVES = 25;

/** The transitions that the document allows, as `from → to`. */
function documented(): Set<string> {
  const text = readFileSync(new URL("../../docs/status.md", import.meta.url), "utf8");
  const table = text.split("## Transitions")[1]?.split("\n## ")[0] ?? "";
  const rows = table.matchAll(/^\| `(\w+)` *\| `(\w+)` /gm);
  return new Set(Array.from(rows, ([, from, to]) => `${from} → ${to}`));
}

type State = "idle" | "connecting" | "connected" | "waiting" | "disconnected";

/** Does what a core does, and what a server and a network may do to it. */
class Actor {
  readonly #core: FakeCore;
  #state: State = "idle";

  constructor(core: FakeCore) {
    this.#core = core;
    core.onCall = (call) => this.#answer(call);
  }

  get isActive(): boolean {
    return this.#state !== "idle" && this.#state !== "disconnected";
  }

  /** Something happens to the connection. */
  happen(roll: (sides: number) => number): void {
    if (this.#state === "connecting") {
      const next = (["connected", "waiting", "disconnected"] as const)[roll(3)];
      if (next === "connected") this.#say("connected");
      else if (next === "waiting") {
        this.#core.fails("transport_close");
        this.#say("waiting", "transport_close");
      } else this.#say("disconnected", "connect_refused");
    } else if (this.#state === "connected") {
      if (roll(2) === 0) this.#say("waiting", "ping_timeout");
      else this.#say("disconnected", "server_disconnect");
    } else if (this.#state === "waiting") this.#say("connecting");
  }

  #answer([name]: Call): void {
    if (name === "connect" && !this.isActive) this.#say("connecting");
    else if (name === "disconnect" && this.isActive) this.#say("disconnected", "client_disconnect");
    else if (name === "reconnectNow" && this.#state === "waiting") this.#say("connecting");
    else if (name === "refreshAuth") this.#say("connecting");
    else if (name === "setIdentity" && this.#state === "connected") this.#say("connecting");
  }

  #say(
    state: State,
    cause?:
      | "transport_close"
      | "ping_timeout"
      | "connect_refused"
      | "server_disconnect"
      | "client_disconnect",
  ) {
    this.#state = state;
    this.#core.says(state, { attempt: 1, retryInMs: 100, ...(cause && { cause }) });
  }
}

/** One random life of a client; returns the transitions that were told. */
async function live(seed: number): Promise<string[]> {
  const roll = dice(seed);
  const { client, loader } = idle({ auth: () => ({}) });
  const transitions: string[] = [];
  let last: ClientStatus | undefined;
  let wanted = false;
  let actor: Actor | undefined;
  client.status.subscribe((status) => {
    if (last) transitions.push(`${last.state} → ${status.state}`);
    last = status;
    // A listener may call, too.
    if (status.state === "waiting" && roll(8) === 0) client.reconnectNow();
  });
  const check = () => {
    expect(client.status.value, "the last one that was told").toBe(last);
    let late: ClientStatus | undefined;
    client.status.subscribe((status) => (late = status)).unsubscribe();
    expect(late, "what a late subscriber gets").toBe(last);
    const { state } = client.status.value;
    if (!wanted) expect(["idle", "disconnected"], "disconnect() wins").toContain(state);
  };
  for (let move = 0; move < MOVES; move++) {
    const choice = roll(10);
    if (choice <= 2) {
      wanted = true;
      const promise = client.connect();
      promise.catch(() => {});
      if (client.status.value.state !== "connected") expect(client.connect()).toBe(promise);
    } else if (choice === 3) {
      wanted = false;
      if (roll(2) === 0) client.disconnect();
      else client.logout({ queue: "keep" });
    } else if (choice === 4) client.reconnectNow();
    else if (choice === 5) {
      wanted = true;
      client.refreshAuth().catch(() => {});
    } else if (choice === 6) client.setIdentity(String(roll(3)) || undefined);
    else if (choice === 7 && !actor && loader.count > 0) {
      actor = new Actor(loader.core);
      await loader.succeed();
    } else {
      actor?.happen(roll);
      if (actor && !actor.isActive) wanted = false;
    }
    check();
  }
  await client.destroy();
  return transitions;
}

describe("the status under random calls", () => {
  test("makes only documented transitions, and most of them", async () => {
    const allowed = documented();
    expect(allowed.size).toBeGreaterThan(12);
    const seen = new Set<string>();
    for (let seed = 0; seed < SEQUENCES; seed++) {
      for (const transition of await live(seed)) {
        if (!allowed.has(transition)) expect.fail(`seed ${seed}: ${transition}`);
        seen.add(transition);
      }
    }
    await turn();
    expect(seen.size).toBeGreaterThanOrEqual(14);
  }, 60_000);
});
