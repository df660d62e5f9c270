/** A look into the shared worker of all tabs. */

const filter = [{ type: "shared_worker" }];

/** Resolves with how many pages anything in the one shared worker refers to. */
export async function countPages({ cdp }) {
  const { targetInfos } = await cdp.send("Target.getTargets", { filter });
  const [{ targetId }] = targetInfos;
  const { sessionId } = await cdp.send("Target.attachToTarget", { targetId, flatten: true });
  try {
    return countObjects(await takeHeapSnapshot(cdp, sessionId), "Tab");
  } finally {
    await cdp.send("Target.detachFromTarget", { sessionId });
  }
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
