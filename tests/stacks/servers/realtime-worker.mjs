/** The worker of the back end "realtime": `node realtime-worker.mjs <Redis's socket>`; it only knows Redis. */
import { createClient } from "redis";

const [path] = process.argv.slice(2);
const connect = () => createClient({ socket: { path } }).connect();
const [redis, waiting] = await Promise.all([connect(), connect()]);

console.log("ready");
for (;;) {
  const { element } = await waiting.blPop("searches", 0);
  await search(JSON.parse(element));
}

async function search({ jobId, query, userId }) {
  const publish = (event, payload) =>
    redis.publish("realtime:events", JSON.stringify({ event, userId, payload }));
  await publish("search:started", { jobId, query });
  const results = [...query].map((letter, index) => `${letter}${index}`);
  for (const [index, result] of results.entries()) {
    await publish("search:result:v1", { jobId, index, result });
  }
  const words = results.map((result) => `${result} `);
  for (const [index, chunk] of words.entries()) {
    await publish("model:chunk:v1", { jobId, index, total: words.length, chunk });
  }
  const text = words.join("");
  await publish("model:complete:v1", { jobId, text, tokens: words.length, durationMs: 0 });
  await publish("search:complete:v1", { jobId, results, total: results.length });
}
