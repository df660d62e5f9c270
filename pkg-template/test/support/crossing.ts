/** A core on the other side of a border, with a channel between the sides. */
import { expect, vi } from "vitest";
import type { CoreEvents, CoreOptions } from "../../src/port.js";
import { Host, type Hosting } from "../../src/worker/host.js";
import { type CrossingOptions, tellings, type Told } from "../../src/worker/messages.js";
import { RemoteCore } from "../../src/worker/remoteCore.js";
import { type MakeCore, type StoringCore, withStores } from "../../src/worker/storingCore.js";
import { Client } from "../../src/client.js";
import type { ClientOptions } from "../../src/options.js";
import * as services from "../../src/services.js";
import { FakeCore } from "./fakeCore.js";

type Listeners = { [Name in keyof CoreEvents]: ReturnType<typeof vi.fn> };

export const crossing = { positions: {}, unproved: [] } as unknown as CrossingOptions;

/** Whatever was begun by a test. */
const ends: (() => void)[] = [];

/** Ends it. */
export function endAll(): void {
  for (const end of ends.splice(0)) end();
}

/** Makes a fake core, which `handleMade` is given, with its stores beside it. */
export const making = (handleMade: (core: FakeCore) => void): MakeCore<StoringCore> =>
  withStores((options, events) => {
    const core = new FakeCore(options, events);
    handleMade(core);
    return Promise.resolve(core);
  });

/**
 * Both sides, with a channel between them. `told` are the messages that have come to the page. With `tab` the worker
 * is a shared one, and the page holds the lock of that name.
 */
export async function cross(
  overrides: Partial<CoreOptions> = {},
  tab?: string,
  hosting: Hosting = {},
) {
  const { port1: port, port2 } = new MessageChannel();
  const told: Told[][] = [];
  const isReady = new Promise((resolve) => (port.onmessage = ({ data }) => resolve(data)));
  port.addEventListener("message", ({ data }) => void told.push(data as Told[]));
  let core!: FakeCore;
  const { lifecycle = false, ...others } = overrides;
  const options = { ...crossing, ...others, lifecycle, webSocket: undefined, fetch: undefined };
  const hello = { options: structuredClone({ ...crossing, ...others }), lock: "lock" };
  const host = new Host(port2, hello, { isShared: tab !== undefined, ...hosting });
  await host.start(making((made) => (core = made)));
  expect(await isReady).toEqual([["ready"]]);
  const names = [...tellings, "status", "delivered"] as const;
  const events = Object.fromEntries(names.map((name) => [name, vi.fn()])) as Listeners;
  events.delivered.mockReturnValue(true);
  const release = vi.fn();
  const died: (() => void)[] = [];
  const watch = (handleDead: () => void) => {
    died.push(handleDead);
    return () => void died.splice(died.indexOf(handleDead), 1);
  };
  const link = { port, tab, watch, release };
  const remote = new RemoteCore(link, options, events as unknown as CoreEvents);
  ends.push(() => {
    remote.core.destroy();
    port.close();
    port2.close();
  });
  return { page: remote.core, core, events, port, release, died, told, host };
}

/** A worker with a core, as a client has made it. */
export interface FakeWorker {
  core: FakeCore;
  /** The worker's. */
  port: MessagePort;
  /** The worker ends in the middle of whatever it does. */
  die: () => void;
  release: ReturnType<typeof vi.fn>;
}

/** A client whose cores are in workers; of those that it has made the last one comes last. */
export function clientWithWorkers(options: ClientOptions = {}) {
  const workers: FakeWorker[] = [];
  const client = new Client(
    "https://example.com",
    { autoConnect: false, ...options },
    async (given, events) => {
      const { port1: port, port2 } = new MessageChannel();
      const own = { webSocket: undefined, fetch: undefined, lifecycle: false };
      const crossing: CrossingOptions = { ...given, ...own };
      const isReady = new Promise((resolve) => (port.onmessage = resolve));
      const lock = `lock ${workers.length}`;
      let core!: FakeCore;
      await new Host(port2, { options: crossing, lock }).start(making((made) => (core = made)));
      await isReady;
      let handleDead = () => {};
      const watch = (handle: () => void) => {
        handleDead = handle;
        return () => (handleDead = () => {});
      };
      const die = () => {
        port2.close();
        handleDead();
      };
      const release = vi.fn();
      workers.push({ core, port: port2, die, release });
      const remote = new RemoteCore({ port, watch, release }, { ...given, ...own }, events);
      return { core: remote.core, services };
    },
  );
  ends.push(() => void client.destroy());
  return { client, workers };
}
