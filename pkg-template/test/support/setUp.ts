/** Clients on fake cores. */
import { expect } from "vitest";
import type { Address } from "../../src/address.js";
import { Client } from "../../src/client.js";
import type { SockeyeErrorCode } from "../../src/errors.js";
import type { DefaultEvents } from "../../src/events.js";
import type { ClientOptions } from "../../src/options.js";
import type { CreateCore, LoadedCore } from "../../src/port.js";
import * as services from "../../src/services.js";
import { FakeCore } from "./fakeCore.js";

const { setImmediate } = globalThis;

/** Waits until everything that was due at once has happened, whatever the fake timers do. */
export const turn = () => new Promise<void>((resolve) => void setImmediate(resolve));

interface Load {
  core: FakeCore;
  signal: AbortSignal;
  resolve: (loaded: LoadedCore) => void;
  reject: (error: unknown) => void;
}

/** The loading of cores, which ends when the test says so. */
export class Loader {
  readonly #loads: Load[] = [];

  readonly createCore: CreateCore = (options, events, signal) =>
    new Promise((resolve, reject) => {
      this.#loads.push({ core: new FakeCore(options, events), signal, resolve, reject });
    });

  /** How many times the core was asked for. */
  get count(): number {
    return this.#loads.length;
  }

  /** For each load whether nobody waits for it any more. */
  get givenUp(): boolean[] {
    return this.#loads.map(({ signal }) => signal.aborted);
  }

  /** The core that is there when loading has succeeded. */
  get core(): FakeCore {
    return this.#latest().core;
  }

  async succeed(): Promise<FakeCore> {
    const { core, resolve } = this.#latest();
    resolve({ core, services });
    await turn();
    return core;
  }

  async fail(error: unknown): Promise<void> {
    this.#latest().reject(error);
    await turn();
  }

  #latest(): Load {
    const load = this.#loads.at(-1);
    if (!load) throw new Error("nobody has asked for a core");
    return load;
  }
}

const address = "https://example.com";

/** A client that has not been told to connect. */
export function idle<Listen extends object = DefaultEvents, Emit extends object = Listen>(
  options: ClientOptions = {},
  url: Address = address,
) {
  const loader = new Loader();
  const client = new Client<Listen, Emit>(
    url,
    { autoConnect: false, ...options },
    loader.createCore,
  );
  return { client, loader };
}

/** A client whose core is there and has been told to connect. */
export async function connecting<
  Listen extends object = DefaultEvents,
  Emit extends object = Listen,
>(options: ClientOptions = {}, url: Address = address) {
  const { client, loader } = idle<Listen, Emit>(options, url);
  const promise = client.connect();
  const core = await loader.succeed();
  return { client, core, loader, promise };
}

/** A client that is connected, and whose core has forgotten how it came to that. */
export async function connected<
  Listen extends object = DefaultEvents,
  Emit extends object = Listen,
>(options: ClientOptions = {}, url: Address = address) {
  const { client, core, loader } = await connecting<Listen, Emit>(options, url);
  core.says("connected");
  await turn();
  core.calls.length = 0;
  return { client, core, loader };
}

/** Matches a SockeyeError with this code, a message and a hint. */
export const sockeyeError = (code: SockeyeErrorCode, details: object = {}): Error =>
  expect.objectContaining({
    name: "SockeyeError",
    code,
    message: expect.stringMatching(/./) as string,
    hint: expect.stringMatching(/./) as string,
    ...details,
  }) as Error;

/** Collects what a stream says. */
export function recorder<Value>() {
  const values: Value[] = [];
  const ends: string[] = [];
  return {
    values,
    ends,
    next: (value: Value) => void values.push(value),
    error: () => void ends.push("error"),
    complete: () => void ends.push("complete"),
  };
}
