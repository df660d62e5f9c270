/** Pages that a worker serves: what has the core of one, and when that ends. */
import { afterEach, expect, test, vi } from "vitest";
import { release } from "../../src/wasm/build.js";
import { greeting } from "../../src/worker/messages.js";
import { serve, type WorkerScope } from "../../src/worker/serve.js";
import { crossing, endAll, making } from "../support/crossing.js";
import type { FakeCore } from "../support/fakeCore.js";

afterEach(endAll);

/** A shared worker with a page that has said hello, and its core. */
async function serveOne() {
  const collected: ((held: unknown) => void)[] = [];
  const register = vi.fn<(target: unknown, held: unknown) => void>();
  vi.stubGlobal(
    "FinalizationRegistry",
    class {
      readonly register = register;
      constructor(handle: (held: unknown) => void) {
        collected.push(handle);
      }
    },
  );
  const listeners = new Map<string, (event: MessageEvent) => void>();
  const scope: WorkerScope = {
    addEventListener: (type, listener) => void listeners.set(type, listener),
  };
  const cores: FakeCore[] = [];
  serve(
    scope,
    making((core) => cores.push(core)),
  );
  const worker = new MessageChannel();
  const page = new MessageChannel();
  const told: unknown[] = [];
  page.port1.onmessage = ({ data }: MessageEvent<unknown[]>) => told.push(...data);
  listeners.get("connect")?.({ ports: [worker.port2] } as unknown as MessageEvent);
  const hello = { type: greeting, release, options: crossing, lock: "lock" };
  worker.port1.postMessage(hello, [page.port2]);
  await vi.waitFor(() => expect(told).toContainEqual(["ready"]));
  const close = () => [worker.port1, page.port1].forEach((port) => port.close());
  return { core: cores[0], connected: worker.port2, register, collected, close };
}

test("ends the core of a page when the port to it is garbage", async () => {
  const { core, connected, register, collected, close } = await serveOne();
  const [target, held] = register.mock.lastCall ?? [];
  expect(target).toBe(connected);
  expect(core?.isAlive()).toBe(true);
  for (const handle of collected) handle(held);
  await vi.waitFor(() => expect(core?.isAlive()).toBe(false));
  close();
});
