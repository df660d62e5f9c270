/** The area about memory: what one more id, topic or action takes, and whether many events leave nothing. */
import { bundle, measureIn, openPage } from "../support/browser.mjs";

const lengths = {
  full: { ids: 1_000_000, before: 100_000, events: 1_000_000, topics: 2_000, actions: 5_000 },
  quick: { ids: 50, before: 10, events: 50, topics: 5, actions: 5 },
};

export const memory = {
  title: "Memory, of the wasm instance and of JavaScript's heap after a collection",
  notes: ["Ids are texts of 36 characters; actions are of 180 B, in the memory store."],
  columns: { reference: "socket.io-client + Set" },
  async measure({ browser, quick }) {
    const script = await bundle("memory.js");
    const length = lengths[quick ? "quick" : "full"];
    const grow = (...args) => growthOf(browser, script, ...args);
    const ids = { window: length.ids };
    const remembered = await grow("ours", ids, ["receive", 1], ["receive", length.ids]);
    const inSet = await grow("reference", ids, ["receive", 1], ["receive", length.ids]);
    const [before, events] = [
      ["receive", length.before],
      ["receive", length.events],
    ];
    const few = { window: 4_096 };
    const after = await grow("ours", few, before, events);
    const afterTheirs = await grow("reference", few, before, events);
    const topics = await grow("ours", {}, ["joinTopics", 1], ["joinTopics", length.topics]);
    const actions = await grow("ours", {}, ["enqueue", 1], ["enqueue", length.actions]);
    const per = (growth, count) => [sum(growth) / count];
    return [
      {
        case: "one remembered id, in wasm",
        unit: "B",
        ours: [remembered.wasm / length.ids],
        goal: { most: 24 },
      },
      {
        case: "one remembered id, in all",
        unit: "B",
        ours: per(remembered, length.ids),
        reference: per(inSet, length.ids),
      },
      {
        case: `after ${length.events} events more`,
        unit: "kB",
        ours: per(after, 1_000),
        reference: per(afterTheirs, 1_000),
        goal: { most: 100 },
      },
      { case: "one topic", unit: "B", ours: per(topics, length.topics) },
      { case: "one action in the queue", unit: "B", ours: per(actions, length.actions) },
    ];
  },
};

const sum = ({ wasm, heap }) => wasm + heap;

/** Resolves with the bytes that the second call leaves, in a page of its own. */
async function growthOf(browser, script, client, workload, first, second) {
  const page = await openPage(browser, script);
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("HeapProfiler.enable");
  await measureIn(page, "connect", client, workload);
  await measureIn(page, ...first);
  const before = await used(page, cdp);
  await measureIn(page, ...second);
  const after = await used(page, cdp);
  await page.context().close();
  return { wasm: after.wasm - before.wasm, heap: after.heap - before.heap };
}

async function used(page, cdp) {
  for (let time = 0; time < 3; time++) await cdp.send("HeapProfiler.collectGarbage");
  const { usedSize } = await cdp.send("Runtime.getHeapUsage");
  return { wasm: await measureIn(page, "wasmBytes"), heap: usedSize };
}
