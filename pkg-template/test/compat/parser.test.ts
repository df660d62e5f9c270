import * as official from "socket.io-parser";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Decoded, Dropped } from "../../src/compat/enginePort.js";
import type { Packet } from "../../src/compat/packet.js";
import { Decoder, Encoder } from "../../src/compat/parser.js";

/** A core decoder that answers with what the test wants. */
class FakeDecoder {
  static made: FakeDecoder[] = [];
  static answer: Decoded | Dropped | string | undefined;
  readonly frames: unknown[] = [];
  isFree = false;

  constructor(readonly maxAttachments: number) {
    FakeDecoder.made.push(this);
  }
  add(frame: unknown) {
    this.frames.push(frame);
    return FakeDecoder.answer;
  }
  free() {
    this.isFree = true;
  }
}

vi.mock("../../src/compat/loadedCore.js", () => ({ loadedCore: () => ({ Decoder: FakeDecoder }) }));

afterEach(() => {
  FakeDecoder.made = [];
  FakeDecoder.answer = undefined;
});

const bytes = Uint8Array.of(1, 2, 3);
const packets: [string, Packet][] = [
  ["0", { type: 0, nsp: "/" }],
  ['0/a,{"token":"x"}', { type: 0, nsp: "/a", data: { token: "x" } }],
  ["1/a,", { type: 1, nsp: "/a" }],
  ['2["e",1,null]', { type: 2, nsp: "/", data: ["e", 1, undefined] }],
  ['2/a,7["e",{"d":"1970-01-01T00:00:00.000Z"}]', event({ d: new Date(0), u: undefined })],
  ['30["ok"]', { type: 3, nsp: "/", id: 0, data: ["ok"] }],
  ["31[]", { type: 3, nsp: "/", id: 1, data: [] }],
  ['4{"message":"no"}', { type: 4, nsp: "/", data: { message: "no" } }],
  ['51-/a,7["e",{"_placeholder":true,"num":0}]', event(bytes)],
  ['51-/a,7["e",{"a":[{"_placeholder":true,"num":0}]}]', event({ a: [bytes.subarray(1)] })],
  [
    '62-5[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]',
    { type: 3, nsp: "/", id: 5, data: [bytes.buffer, new Blob(["b"])] },
  ],
];

function event(argument: unknown): Packet {
  return { type: 2, nsp: "/a", id: 7, data: ["e", argument] };
}

describe("the encoder", () => {
  it.each(packets)("writes %s as the official one", (text, packet) => {
    const frames = new Encoder().encode(packet);
    expect(frames[0]).toBe(text);
    const copy: object = { ...packet };
    const officially: unknown[] = new official.Encoder().encode(copy as official.Packet);
    expect(frames).toHaveLength(officially.length);
    frames.forEach((frame, index) => expect(frame).toBe(officially[index]));
  });

  it("does not modify the packet", () => {
    const packet = Object.freeze({ ...event(bytes), data: Object.freeze(["e", bytes]) });
    new Encoder().encode(packet);
    expect(packet).toEqual(event(bytes));
  });

  it("throws what JSON.stringify throws", () => {
    expect(() => new Encoder().encode(event(1n))).toThrow(TypeError);
  });
});

describe("the decoder", () => {
  it("tells of each packet that is dropped", () => {
    const decoder = new Decoder();
    const heard = { decoded: vi.fn(), dropped: vi.fn() };
    decoder.on("decoded", heard.decoded).on("dropped", heard.dropped);
    FakeDecoder.answer = { dropped: "too many", nsp: "/a", id: 3 };
    decoder.add("565-/a,3[]");
    const message = "a packet was dropped, its attachments: too many";
    const error: unknown = expect.objectContaining({ message, nsp: "/a", id: 3 });
    expect(heard.dropped.mock.calls).toEqual([[error]]);
    expect(heard.decoded).not.toHaveBeenCalled();
  });

  it("tells of each packet that is complete", () => {
    const decoder = new Decoder();
    const decoded = vi.fn();
    decoder.on("decoded", decoded);
    decoder.add("first");
    expect(decoded).not.toHaveBeenCalled();
    FakeDecoder.answer = { type: 2, nsp: "/", data: ["e"] };
    decoder.add(bytes);
    expect(decoded).toHaveBeenCalledExactlyOnceWith(FakeDecoder.answer);
    expect(FakeDecoder.made[0]?.frames).toEqual(["first", bytes]);
  });

  it("throws what the core complains of", () => {
    FakeDecoder.answer = "unknown packet type 9";
    expect(() => new Decoder().add("9")).toThrow(new Error("unknown packet type 9"));
  });

  it("begins anew after destroy, when it needs to", () => {
    const decoder = new Decoder();
    decoder.destroy();
    expect(FakeDecoder.made).toEqual([]);
    decoder.add("a");
    decoder.destroy();
    decoder.destroy();
    decoder.add("b");
    expect(FakeDecoder.made.map(({ isFree, frames }) => [isFree, frames])).toEqual([
      [true, ["a"]],
      [false, ["b"]],
    ]);
  });
});
