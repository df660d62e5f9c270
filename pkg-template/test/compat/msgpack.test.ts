/** A parser of another package on the engine: its frames are binary. */
import { Decoder, Encoder } from "socket.io-msgpack-parser";
import { expect, it, vi } from "vitest";
import { Engine } from "../../src/compat/engine.js";
import { turn } from "../support/setUp.js";
import { fakeCore, FakeCoreEngine, handshake } from "./support/coreEngine.js";

vi.mock("../../src/compat/loadedCore.js", () => ({ load: () => Promise.resolve(fakeCore) }));

/** What the server gets of a frame, as a WebSocket would give it. */
const overTheWire = (frame: unknown): ArrayBuffer => Uint8Array.from(frame as Uint8Array).buffer;

it("carries the frames of socket.io-msgpack-parser both ways", async () => {
  const engine = new Engine("http://example.com", { transports: ["websocket"] });
  await turn();
  const core = FakeCoreEngine.latest();
  core.events.opened(handshake, "websocket");
  const decoder = new Decoder();
  const decoded: unknown[] = [];
  decoder.on("decoded", (packet: unknown) => decoded.push(packet));
  engine.on("data", (data) => decoder.add(data));

  const packet = { type: 2, nsp: "/", id: 3, data: ["e", { text: "é", bytes: Buffer.of(1, 2) }] };
  const frames: unknown = new Encoder().encode(packet); // an array, whatever its types say
  for (const frame of frames as Uint8Array[]) engine.write(frame);
  expect(core.sent).toHaveLength(1);
  for (const frame of core.sent) core.events.message(overTheWire(frame));
  expect(decoded).toEqual([packet]);
});
