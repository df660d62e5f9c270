/** A real socket.io server with the helper, as a process of its own. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { exitOnSignals } from "../../browser/support/signals.mjs";

const worker = fileURLToPath(new URL("serverWorker.mjs", import.meta.url));

/**
 * Starts it; `handle` is called with each thing that it tells: `applied`, `connected`, `disconnected`, `held`, `pong`.
 * `options` are those of socket.io.
 */
export async function startServer(ends, handle, options = {}) {
  const child = fork(worker, [JSON.stringify(options)], { stdio: "inherit" });
  const ended = once(child, "exit");
  const kill = () => child.kill("SIGKILL");
  const ignoreSignals = exitOnSignals();
  process.on("exit", kill);
  ends.after(async () => {
    kill();
    await ended;
    ignoreSignals();
    process.off("exit", kill);
  });
  const [{ port }] = await once(child, "message");
  child.on("message", handle);
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    /** How long each action takes from now on: up to so many milliseconds. */
    setDelay: (ms) => child.send({ delayMs: ms }),
    /** Sends the event `poke` to all. */
    poke: () => child.send({ poke: true }),
    /** Says numbers to the room "news", one in so many milliseconds. 0 ends that; it tells `lastNews` then. */
    sayNews: (everyMs) => child.send({ newsEveryMs: everyMs }),
  };
}
