/** A helper with a namespace without a network. */
import { FakeNamespace, type FakeSocket } from "../../../tests/contract/fakeSocket.mjs";
import { createServerHelper, memoryStore, type ServerHelperOptions } from "../../src/server.js";

export type Answer = [{ $sockeye: Record<string, unknown> }, ...unknown[]];

/** A helper that collects what is told of errors. */
export function setUp(options: Partial<ServerHelperOptions> = {}) {
  const errors: unknown[] = [];
  const onError = (error: unknown) => void errors.push(error);
  const store = options.store ?? memoryStore();
  const helper = createServerHelper({ onError, ...options, store });
  const namespace = new FakeNamespace();
  const attached = helper.attach<FakeSocket>(namespace);
  return { helper, namespace, attached, errors, store };
}

/** A connected socket, which sends enqueued actions as a client does. */
export async function connect({ namespace }: { namespace: FakeNamespace }) {
  const socket = await namespace.connect();
  const [[hello]] = socket.got("sockeye:hello") as [[{ memory: string }]];
  let number = 0;
  const enqueue = (event: string, args: unknown[] = [], envelope: object = {}): Promise<Answer> => {
    number += 1;
    const own = { k: `key ${number}`, c: "client", e: 1, n: number, lane: "", m: hello.memory };
    return socket.request(event, ...args, { $sockeye: { ...own, ...envelope } }) as Promise<Answer>;
  };
  return { socket, hello, enqueue };
}

/** Returns whether a promise is settled, when all that is due now has been done. */
export async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  promise.then(
    () => (settled = true),
    () => (settled = true),
  );
  await new Promise((resolve) => setImmediate(resolve));
  return settled;
}
