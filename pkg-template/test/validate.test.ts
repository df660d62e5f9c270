import * as v from "valibot";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { validate, type ValidateOptions } from "../src/validate.js";
import { connected, recorder, sockeyeError } from "./support/setUp.js";

/** A connected client that checks, what has gone wrong, and what came of "a". */
async function checked(options: ValidateOptions) {
  const setting = await connected();
  setting.client.use(validate(options));
  const errors = recorder();
  setting.client.errors.subscribe(errors);
  const events = recorder();
  setting.client.on("a").subscribe(events);
  return { ...setting, errors: errors.values, events: events.values };
}

const libraries = {
  zod: {
    object: z.object({ id: z.string(), note: z.string().default("none") }),
    tuple: z.tuple([z.number(), z.number()]),
    waiting: z.string().refine(async () => Promise.resolve(true)),
  },
  valibot: {
    object: v.object({ id: v.string(), note: v.optional(v.string(), "none") }),
    tuple: v.tuple([v.number(), v.number()]),
    waiting: v.pipeAsync(
      v.string(),
      v.checkAsync(() => Promise.resolve(true)),
    ),
  },
};

describe.each(Object.entries(libraries))("a schema of %s", (_, { object, tuple, waiting }) => {
  test("lets what is valid through, as the schema returns it", async () => {
    const { core, errors, events } = await checked({ inbound: { a: object } });
    expect(core.delivers("a", [{ id: "x" }])).toBe(true);
    expect(events).toEqual([{ id: "x", note: "none" }]);
    expect(errors).toEqual([]);
  });

  test("tells of what is not valid, and has it count as delivered", async () => {
    const { core, errors, events } = await checked({ inbound: { a: object } });
    expect(core.delivers("a", [{ id: 7 }])).toBe(true);
    expect(events).toEqual([]);
    expect(errors).toEqual([sockeyeError("invalid_event")]);
    const [error] = errors as { message: string; data: { message: string }[] }[];
    expect(error?.message).toMatch(/^"a" is not valid: id: ./);
    expect(error?.data[0]?.message).toMatch(/./);
  });

  test("is for the tuple where there are several arguments", async () => {
    const { core, errors, events } = await checked({ inbound: { a: tuple } });
    core.delivers("a", [1, 2]);
    core.delivers("a", [1, "2"]);
    expect(events).toEqual([[1, 2]]);
    expect(errors).toEqual([sockeyeError("invalid_event")]);
  });

  test("checks what is sent and what is answered", async () => {
    const { client, core } = await checked({ outbound: { a: object }, ack: { b: tuple } });
    expect(() => client.emit("a", { id: 7 })).toThrow(
      sockeyeError("vetoed", { cause: sockeyeError("invalid_event") }),
    );
    client.emit("a", { id: "x" });
    expect(core.callsOf("emit").map(([, body]) => body)).toEqual([
      '["a",{"id":"x","note":"none"}]',
    ]);
    const answer = client.request("b");
    core.answers(0, "no tuple");
    await expect(answer).rejects.toEqual(
      sockeyeError("vetoed", { cause: sockeyeError("invalid_event") }),
    );
  });

  test("lets nothing through if it has to wait", async () => {
    const { core, errors, events } = await checked({ inbound: { a: waiting } });
    core.delivers("a", ["x"]);
    expect(events).toEqual([]);
    expect(errors.length).toBe(1);
  });
});

test("events without a schema pass as they are, whatever they are called", async () => {
  const { client, core } = await checked({ inbound: {}, outbound: {}, ack: {} });
  const told = recorder();
  client.on("toString").subscribe(told);
  core.delivers("toString", [{ n: 1 }]);
  expect(told.values).toEqual([{ n: 1 }]);
});
