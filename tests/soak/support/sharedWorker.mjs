/** A look into the shared worker of all tabs. */

const filter = [{ type: "shared_worker" }];

/** Resolves with how many pages anything in the one shared worker refers to. */
export async function countPages({ cdp }) {
  const sessionId = await attach(cdp);
  try {
    return countObjects(await takeHeapSnapshot(cdp, sessionId), "Tab");
  } finally {
    await cdp.send("Target.detachFromTarget", { sessionId });
  }
}

async function attach(cdp) {
  const { targetInfos } = await cdp.send("Target.getTargets", { filter });
  const [{ targetId }] = targetInfos;
  return (await cdp.send("Target.attachToTarget", { targetId, flatten: true })).sessionId;
}

/** Garbage is collected before it is taken. */
async function takeHeapSnapshot(cdp, sessionId) {
  const chunks = [];
  const take = ({ chunk }) => chunks.push(chunk);
  const leave = cdp.on("HeapProfiler.addHeapSnapshotChunk", take, { sessionId });
  try {
    await cdp.send("HeapProfiler.takeHeapSnapshot", {}, { sessionId });
  } finally {
    leave();
  }
  return JSON.parse(chunks.join(""));
}

/** How many objects have this constructor. */
function countObjects({ snapshot, nodes, strings }, constructor) {
  const fields = snapshot.meta.node_fields;
  const [name, type] = ["name", "type"].map((field) => fields.indexOf(field));
  const types = snapshot.meta.node_types[type];
  let count = 0;
  for (let at = 0; at < nodes.length; at += fields.length) {
    const isObject = types[nodes[at + type]] === "object";
    if (isObject && strings[nodes[at + name]] === constructor) count += 1;
  }
  return count;
}

/** How much more of the processor's time than any other process the worker's has to have used, in seconds. */
const usedMore = 0.3;

/** Resolves with the number of the process that has the one shared worker: it works when the worker does. */
export async function processOfWorker({ cdp }) {
  const sessionId = await attach(cdp);
  const expression = "for (const end = performance.now() + 100; performance.now() < end; );";
  try {
    const before = await timesOfRenderers(cdp);
    for (;;) {
      await cdp.send("Runtime.evaluate", { expression }, { sessionId });
      const used = (await timesOfRenderers(cdp)).map(({ id, cpuTime }) => {
        const known = before.find((other) => other.id === id);
        return { id, seconds: cpuTime - (known?.cpuTime ?? 0) };
      });
      const [most, next] = used.sort((one, other) => other.seconds - one.seconds);
      if (most.seconds - (next?.seconds ?? 0) > usedMore) return most.id;
    }
  } finally {
    await cdp.send("Target.detachFromTarget", { sessionId });
  }
}

async function timesOfRenderers(cdp) {
  const { processInfo } = await cdp.send("SystemInfo.getProcessInfo");
  return processInfo.filter(({ type }) => type === "renderer");
}
