/** What a client keeps: ids, topics, actions; and after many events. Figures are taken by the caller. */
import { wasmBytes } from "./wasmMemory.js";
import { connectOurs, connectReference } from "./clients.js";

const EVENT = "job:progress";
/** So many messages exist at the same time. */
const CHUNK = 1_000;
const requestOf = /^42(\d+)\[/;

let kept = {};
let nextId = 0;

const settings = {
  async ours({ window }) {
    const dedup = window && { id: "jobId", window, ttlMs: 86_400_000 };
    const { client, webSocket } = await connectOurs({
      outbox: { durability: "memory" },
      ...(dedup && { dedup }),
    });
    client.on(EVENT).subscribe(() => {});
    webSocket.take = (frame) => {
      const id = requestOf.exec(frame)?.[1];
      if (id) queueMicrotask(() => webSocket.receive(`43${id}["joined"]`));
    };
    return { client, webSocket };
  },
  async reference({ window }) {
    const { socket, webSocket } = await connectReference();
    const seen = new Set();
    socket.on(EVENT, ({ jobId }) => {
      if (!window || seen.has(jobId)) return;
      seen.add(jobId);
      if (seen.size > window) seen.delete(seen.values().next().value);
    });
    return { socket, webSocket, seen };
  },
};

const measurements = {
  async connect(name, workload) {
    kept = await settings[name](workload);
  },
  /** Events with ids of 36 characters, as a random UUID has. */
  async receive(count) {
    for (let sent = 0; sent < count; sent++) {
      const id = `0a1b2c3d-4e5f-6071-8293-${String(nextId++).padStart(12, "0")}`;
      kept.webSocket.receive(`42["${EVENT}",{"jobId":"${id}","progress":50}]`);
      if (sent % CHUNK === 0) await new Promise((resolve) => setTimeout(resolve));
    }
  },
  async joinTopics(count) {
    const topics = Array.from({ length: count }, (_, number) =>
      kept.client.topic({
        join: ["room:join", { room: `room-${number}` }],
        leave: ["room:leave", { room: `room-${number}` }],
      }),
    );
    kept.retained = topics.map((topic) => topic.retain());
    await Promise.all(topics.map(({ ready }) => ready));
  },
  /** Actions of about 180 B. */
  async enqueue(count) {
    kept.client.outbox.pause();
    const text = "lorem ipsum ".repeat(10);
    const actions = Array.from({ length: count }, (_, number) =>
      kept.client.enqueue("order:save", { orderId: `order-${number}`, amount: number, text }),
    );
    await Promise.all(actions.map(({ accepted }) => accepted));
  },
  wasmBytes,
};

globalThis.measure = (what, ...args) => measurements[what](...args);
