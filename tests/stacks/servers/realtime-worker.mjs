/** The worker of the back end "realtime": `node realtime-worker.mjs <Redis's socket>`; it only knows Redis. */
import { setTimeout } from "node:timers/promises";
import { createClient } from "redis";

const endless = "everything";
/** Between two words of it, in milliseconds. */
const paceMs = 5;
const [path] = process.argv.slice(2);
const connect = () => createClient({ socket: { path } }).connect();
const [redis, waiting] = await Promise.all([connect(), connect()]);

console.log("ready");
for (;;) {
  const { element } = await waiting.blPop("searches", 0);
  await search(JSON.parse(element));
}

/** A model that says so much is one that a user does not wait for. */
function wordsOf(query, results) {
  if (query === endless) return Array.from({ length: 100_000 }, (_, index) => `word${index} `);
  return results.map((result) => `${result} `);
}

async function search({ jobId, query, userId }) {
  const publish = (event, payload) =>
    redis.publish("realtime:events", JSON.stringify({ event, userId, payload }));
  await publish("search:started", { jobId, query });
  const results = [...query].map((letter, index) => `${letter}${index}`);
  for (const [index, result] of results.entries()) {
    await publish("search:result:v1", { jobId, index, result });
  }
  const words = wordsOf(query, results);
  await redis.sAdd("tasks", jobId);
  for (const [index, chunk] of words.entries()) {
    // Whoever cancels takes it out.
    if (!(await redis.sIsMember("tasks", jobId))) return;
    await publish("model:chunk:v1", { jobId, index, total: words.length, chunk });
    if (query === endless) await setTimeout(paceMs);
  }
  await redis.sRem("tasks", jobId);
  const text = words.join("");
  await publish("model:complete:v1", { jobId, text, tokens: words.length, durationMs: 0 });
  await publish("search:complete:v1", { jobId, results, total: results.length });
}
