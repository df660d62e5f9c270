/** What the browser half of the core reads from events, without the wasm. */
import { beforeEach, describe, expect, test } from "vitest";
import type { Readers } from "../src/eventReaders.js";
import known from "../../tests/contract/fingerprints.json" with { type: "json" };
import * as identity from "../../src/web/identity.js";

interface Names {
  identity?: Readers & { seeds: [number, number]; stamps: boolean };
  unheard?: number;
}
interface Parts {
  stream: string;
  epoch: string;
  seq: number;
  idHigh: number;
  idLow: number;
  streamHigh: number;
  streamLow: number;
}
const { expectStamps, fingerprint, identify, parts } = identity as {
  expectStamps: (names: Names, unheard: number) => void;
  fingerprint: (text: string, names: Names, wantsHigh: boolean) => number;
  identify: (args: unknown[], names: Names) => number;
  parts: () => Parts;
};

const NONE = 0;
const ID = 1;
const ORDER = 2;

const seeds: [number, number] = [0x1234_5678, 0x0f0f_0f0f];
const stamp = { id: "s/e/3", stream: "s", epoch: "e", seq: 3 };

let names: Names;
beforeEach(() => {
  names = { identity: { seeds, stamps: true } };
});

const own = (readers: Readers) => ({ identity: { ...readers, seeds, stamps: false } });
const idOf = (id: unknown) => {
  const has = identify(["a", id], own({ id: ([, value]) => value }));
  return has === NONE ? undefined : `${parts().idHigh}/${parts().idLow}`;
};

describe("a stamp", () => {
  test("is read and taken off, with or without a recovery offset behind it", () => {
    for (const rest of [[], ["an offset"]]) {
      const args = ["a", 1, { $sockeye: stamp }, ...rest];
      expect(identify(args, names)).toBe(ID | ORDER);
      expect(parts()).toMatchObject({ stream: "s", epoch: "e", seq: 3 });
      expect(args).toEqual(["a", 1, ...rest]);
    }
  });

  test("needs no id", () => {
    expect(identify(["a", { $sockeye: { ...stamp, id: undefined } }], names)).toBe(ORDER);
  });

  test("comes before what the application says, which counts where there is none", () => {
    const id = () => "own";
    names = { identity: { id, seeds, stamps: true } };
    expect(identify(["a", { $sockeye: stamp }], names)).toBe(ID | ORDER);
    expect(parts().stream).toBe("s");
    expect(identify(["a", {}], names)).toBe(ID);
    expect(parts().stream).toBe("a");
  });

  test("is expected only when the server has said that it stamps", () => {
    names = { identity: { seeds, stamps: false } };
    const args = ["a", { $sockeye: stamp }];
    expect(identify(args, names)).toBe(NONE);
    expect(args).toHaveLength(2);
    expectStamps(names, 99);
    expect(names.unheard).toBe(99);
    expect(identify(args, names)).toBe(ID | ORDER);
  });

  test.each([
    ["no object", 5],
    ["null", null],
    ["an array", []],
    ["nothing in it", {}],
    ["a stream that is no text", { ...stamp, stream: 5 }],
    ["a stream that is inherited", { ...stamp, stream: undefined }],
    ["an epoch that is no text", { ...stamp, epoch: { toString: "e" } }],
    ["a text for a number", { ...stamp, seq: "3" }],
    ["zero", { ...stamp, seq: 0 }],
    ["a negative number", { ...stamp, seq: -1 }],
    ["half a number", { ...stamp, seq: 1.5 }],
    ["a number that is not safe", { ...stamp, seq: 2 ** 53 }],
    ["infinity", { ...stamp, seq: JSON.parse("1e400") as number }],
    ["a prototype for a number", { ...stamp, seq: JSON.parse('{"__proto__":3}') as number }],
  ])("that makes no sense identifies nothing, and is taken off: %s", (_, strange) => {
    const args = ["a", { $sockeye: strange }];
    expect(identify(args, names)).toBe(NONE);
    expect(args).toEqual(["a"]);
  });

  test("is not the name of an event, nor an object with other fields, nor an inherited one", () => {
    const inherited = Object.create({ $sockeye: stamp }) as object;
    const more = { $sockeye: stamp, own: 1 };
    const parsed = JSON.parse('{"__proto__":{"$sockeye":{}}}') as object;
    for (const args of [
      [{ $sockeye: stamp }],
      ["a", inherited],
      ["a", more],
      ["a", parsed],
      ["a"],
    ]) {
      const before = [...args];
      expect(identify(args, names)).toBe(NONE);
      expect(args).toEqual(before);
    }
  });
});

describe("an id of the application", () => {
  test("is a text that is not empty, or a finite number", () => {
    for (const none of ["", undefined, null, true, NaN, Infinity, 1n, {}, ["x"], Symbol("s")]) {
      expect(idOf(none)).toBeUndefined();
    }
    for (const id of ["x", " ", "__proto__", 0, -1, 1.5]) expect(idOf(id)).toBeDefined();
  });

  test("is another one as a text than as a number", () => {
    expect(idOf(1)).not.toBe(idOf("1"));
    expect(idOf(1)).toBe(idOf(1));
    expect(idOf(0)).toBe(idOf(-0));
  });

  test("belongs to the event's name unless a stream is given", () => {
    const id = () => "x";
    identify(["a"], own({ id }));
    expect(parts().stream).toBe("a");
    identify(["a"], own({ id, stream: () => 7 }));
    expect(parts().stream).toBe("7");
    identify(["a"], own({ id, stream: () => "" }));
    expect(parts().stream).toBe("a");
  });

  test("may be a number in its stream, or both", () => {
    const id = () => undefined;
    expect(identify(["a"], own({ id, order: () => 4 }))).toBe(ORDER);
    expect(parts()).toMatchObject({ stream: "a", epoch: "", seq: 4 });
    expect(identify(["a"], own({ id: () => 1, order: () => 4 }))).toBe(ID | ORDER);
    for (const none of [0, -1, 1.5, "4", NaN, undefined]) {
      expect(identify(["a"], own({ id, order: () => none }))).toBe(NONE);
    }
  });
});

describe("fingerprints", () => {
  /** Ids as servers make them: most of their characters are the same. */
  const shapes: ((index: number) => string)[] = [
    (index) => `job-${index}`,
    (index) => String(index).padStart(12, "0"),
    (index) => `${index.toString(16).padStart(8, "0")}-0000-4000-8000-000000000000`,
    (index) => `00000000-0000-4000-8000-${index.toString(16).padStart(12, "0")}`,
    (index) => `room:${index % 1_000}/epoch/${Math.floor(index / 1_000)}`,
    (index) => `${1_700_000_000_000 + index * 7}-0`,
    (index) => index.toString(2),
    (index) => `#${index}`,
    (index) => String.fromCharCode(0x4000 + (index & 0x3ff), index >> 10),
    (index) => "x".repeat(index % 100) + String(index),
  ];
  const EACH = 100_000;

  /** How many values are there already. */
  const repeated = (values: BigUint64Array | Uint32Array) =>
    values.sort().filter((value, index) => index > 0 && value === values[index - 1]).length;

  test("tell a million structured ids apart, and each half is as good as chance", () => {
    const names = own({});
    const halves = new Uint32Array(shapes.length * EACH * 2);
    const high = new Uint32Array(shapes.length * EACH);
    shapes.forEach((shape, nth) => {
      for (let index = 0; index < EACH; index++) {
        const place = nth * EACH + index;
        const id = `${nth}${shape(index)}`;
        high[place] = halves[place * 2] = fingerprint(id, names, true);
        halves[place * 2 + 1] = fingerprint(id, names, false);
      }
    });
    const low = halves.filter((_, index) => index % 2 === 1);
    expect(repeated(new BigUint64Array(halves.buffer))).toBe(0);
    // Of a million values of 32 bits 116 are repeated by chance, give or take 11.
    for (const half of [high, low]) {
      const count = repeated(half);
      expect(count).toBeGreaterThan(60);
      expect(count).toBeLessThan(180);
    }
  });

  test("change in half of their bits when one bit of the id does", () => {
    const names = own({});
    const bits = (value: number) => value.toString(2).replaceAll("0", "").length;
    let changed = 0;
    let counted = 0;
    for (let index = 0; index < 2_000; index++) {
      const id = `job-${index}-x`;
      const place = index % id.length;
      const other =
        id.slice(0, place) +
        String.fromCharCode(id.charCodeAt(place) ^ (1 << (index % 7))) +
        id.slice(place + 1);
      for (const wantsHigh of [true, false]) {
        const one = fingerprint(id, names, wantsHigh) ^ fingerprint(other, names, wantsHigh);
        changed += bits(one >>> 0);
        counted += 32;
      }
    }
    expect(changed / counted).toBeGreaterThan(0.49);
    expect(changed / counted).toBeLessThan(0.51);
  });

  test("are those that the tests of the core meet", () => {
    for (const { seeds, text, halves } of known) {
      const names = { identity: { seeds: seeds as [number, number], stamps: false } };
      expect([fingerprint(text, names, true), fingerprint(text, names, false)]).toEqual(halves);
    }
  });

  test("are others with other seeds", () => {
    const of = (seeds: [number, number]) => {
      const names = { identity: { seeds, stamps: false } };
      return [fingerprint("x", names, true), fingerprint("x", names, false)];
    };
    const all = [of([1, 2]), of([1, 3]), of([2, 2])];
    expect(new Set(all.map(String)).size).toBe(3);
  });
});
