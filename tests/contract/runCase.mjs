/** Runs one case of `decisions.json` against the helper with a store: README.md explains the steps. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { FakeNamespace } from "./fakeSocket.mjs";

const { defaults, ...table } = JSON.parse(
  readFileSync(new URL("decisions.json", import.meta.url), "utf8"),
);

/** @type {{ name: string, needs?: string[], steps: Record<string, unknown>[] }[]} */
export const cases = table.cases;

/**
 * `world`: `newHelper(identify)` makes a helper with the same store, like another process;
 * `memory()`, `forget()`, `waitLeases()` and `waitRetention()` do to the store what they say.
 * `transactional` says whether the application's work is in the transaction.
 */
export async function runCase(world, { steps }) {
  const memories = { another: "another", before: await world.memory() };
  for (const step of steps) {
    memories.current = await world.memory();
    if (step.forget) await world.forget();
    else if (step.waitLeases) await world.waitLeases();
    else if (step.waitRetention) await world.waitRetention();
    else await runSend(world, { ...defaults, ...step }, memories);
  }
}

async function runSend(world, { send, identity, payload, work, runs, answer, after }, memories) {
  const envelope = { ...defaults.envelope, ...send };
  envelope.m = memories[envelope.m];
  const place = { identity, envelope, payload };
  assert.deepEqual(await answerTo(world, place, work), {
    runs,
    answer: expected(answer, memories),
  });
  if (after) assert.deepEqual(await stateOf(world, place, after), after);
}

/** Sends; resolves with the answer, or with null when the work has begun and is silent. */
async function answerTo(world, { identity, envelope, payload }, work) {
  const namespace = new FakeNamespace();
  const attached = world.newHelper(() => identity).attach(namespace);
  const socket = await namespace.connect();
  let runs = false;
  const answer = await new Promise((resolve) => {
    const perform = (...args) => {
      runs = true;
      assert.deepEqual(args, payload.slice(1));
      if (work === "silent") resolve(null);
    };
    handle(attached, socket, payload[0], perform, { work, world });
    const acknowledge = ({ $sockeye }, ...args) => resolve([$sockeye, args]);
    socket.receive(...payload, { $sockeye: envelope }, acknowledge);
  });
  return { runs, answer: answer && plain(answer, envelope.k) };
}

function handle(attached, socket, event, perform, { work, world: { transactional, Rejected } }) {
  if (transactional) {
    attached.handle(socket, event, async (_context, ...args) => {
      perform(...args);
      return outcome(work, Rejected);
    });
  } else {
    socket.on(event, (...args) => {
      const acknowledge = args.pop();
      perform(...args);
      if (work === "silent") return;
      if (work.applied) acknowledge(...work.applied);
      else outcome(work, Rejected);
    });
  }
}

function outcome(work, Rejected) {
  if (work === "throws") throw new Error("the application fails");
  if (work.rejected) throw new Rejected(...work.rejected);
  return work.applied[0];
}

/** An answer without the key, which must be the one that was asked for, and without the time. */
function plain([{ k, afterMs, ...rest }, args], key) {
  assert.equal(k, key);
  assert.equal(rest.s === "retry", Number.isSafeInteger(afterMs) && afterMs > 0);
  return args.length > 0 ? { ...rest, args } : rest;
}

function expected(answer, memories) {
  if (answer === null) return null;
  const { args = [], m, ...rest } = answer;
  const memory = m === undefined ? {} : { m: memories[m] };
  return args.length > 0 ? { ...rest, ...memory, args } : { ...rest, ...memory };
}

/** A new key that is too far ahead changes nothing and tells how far its lane has come. */
async function stateOf(world, { identity, envelope, payload }, { epoch }) {
  const n = Number.MAX_SAFE_INTEGER;
  const probe = { ...envelope, m: await world.memory(), k: "probe", e: Math.max(epoch, 1), n };
  const { answer } = await answerTo(world, { identity, envelope: probe, payload }, "silent");
  assert.equal(answer.s, "gap");
  return { epoch: answer.n === 0 ? 0 : answer.e, last: answer.n };
}
