/**
 * The client under test and the official one, both on fake engines: what the tests expect of one holds
 * for the other.
 */
import { expect, onTestFinished, vi } from "vitest";
import * as compat from "../../../src/compat/index.js";
import * as official from "socket.io-client";
import { FakeEngine } from "./fakeEngine.js";

vi.mock("../../../src/compat/engine.js", async () => {
  const { FakeEngine } = await import("./fakeEngine.js");
  return { Engine: FakeEngine };
});
// The real one needs the wasm.
vi.mock("../../../src/compat/parser.js", () => import("socket.io-parser"));
vi.mock("engine.io-client", async (importOriginal) => {
  const { FakeEngine } = await import("./fakeEngine.js");
  return { ...(await importOriginal<object>()), Socket: FakeEngine };
});

type Module = typeof compat;
type AnySocket = InstanceType<Module["Socket"]>;

/** The modules by their names, for `describe.each`. */
export const clients: [name: string, module: Module][] = [
  ["sockeye-client/compat", compat],
  ["socket.io-client", official as unknown as Module],
];

/** The client under test. */
export const ours = compat;

/** The engine that was made last. */
export function lastEngine(): FakeEngine {
  const engine = FakeEngine.made.at(-1);
  if (!engine) throw new Error("no engine was made");
  return engine;
}

/** The engine of a socket's connection, as the fake it is. */
export const engineOf = (socket: AnySocket): FakeEngine =>
  socket.io.engine as unknown as FakeEngine;

/** Before a test replaces the timers. */
const { setImmediate } = globalThis;

/** Lets microtasks and ticks run, in which packets are delivered. */
export const settle = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** The server sends a frame, and the client has dealt with it. */
export async function receive(socket: AnySocket, ...frames: unknown[]): Promise<void> {
  for (const frame of frames) engineOf(socket).receive(frame);
  await settle();
}

/** The connection opens and the server lets the socket of the default namespace in. */
export async function connect(socket: AnySocket, data: object = { sid: "sid-1" }): Promise<void> {
  const engine = engineOf(socket);
  if (engine.readyState === "opening") engine.open();
  const namespace = nspOf(socket) === "/" ? "" : `${nspOf(socket)},`;
  await receive(socket, `0${namespace}${JSON.stringify(data)}`);
}

const nspOf = (socket: AnySocket): string => (socket as unknown as { nsp: string }).nsp;

/** Matches an error with this message, and with these members. */
export const errorLike = (message: unknown, members: object = {}): unknown =>
  expect.objectContaining({ message, ...members });

/** Notes the events of a socket, or of a manager, with their arguments. */
export function record(
  emitter: { on(event: never, listener: never): unknown },
  ...events: string[]
): unknown[][] {
  const noted: unknown[][] = [];
  for (const event of events) {
    const listener = (...args: unknown[]) => void noted.push([event, ...args]);
    emitter.on(event as never, listener as never);
  }
  return noted;
}

/** Notes the messages of errors that nobody catches, until the test is over. */
export function catchThrown(): string[] {
  const thrown: string[] = [];
  const note = (error: unknown) => void thrown.push((error as Error).message);
  for (const event of ["uncaughtException", "unhandledRejection"]) {
    const others = process.listeners(event as "uncaughtException");
    process.removeAllListeners(event).on(event, note);
    onTestFinished(() => {
      process.off(event, note);
      for (const listener of others) process.on(event, listener);
    });
  }
  return thrown;
}
