/**
 * The official server, in a process of its own: `startServer(…scripts)` in the one that measures, and that
 * process's own part below. It serves a page beside, and sends what pages ask for.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Server } from "socket.io";
import { listen } from "../../browser/support/listen.mjs";
import { serve } from "../support/browser.mjs";

const here = fileURLToPath(import.meta.url);

/** Starts the server with the scripts of `serve`; resolves with its `url` and what ends it. */
export async function startServer(...scripts) {
  const child = fork(here, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  child.send({ scripts });
  const [{ url }] = await once(child, "message");
  const stop = async () => {
    process.off("exit", kill);
    child.disconnect();
    await once(child, "exit");
  };
  return { url, stop };
}

/** What pages may ask for; all of it ends with their connection. */
function answer(socket) {
  socket.on("echo", (value, acknowledge) => acknowledge(value));
  socket.on("tell", (value) => socket.broadcast.emit("told", value));
  socket.on("connections", (acknowledge) => acknowledge(socket.server.engine.clientsCount));
  socket.on("burst", (count) => sendBurst(socket, count));
  socket.on("flow", (flow) => {
    const stop = startFlow(socket, flow);
    socket.once("disconnect", stop);
    socket.once("flow:stop", stop);
  });
}

/** As fast as the connection takes them. */
function sendBurst(socket, count) {
  const content = "lorem ipsum ".repeat(5);
  const some = (sent) => {
    const end = Math.min(sent + 100, count);
    for (let number = sent; number < end; number++) {
      socket.emit("job:progress", { jobId: `job-${number}`, progress: number % 100, content });
    }
    if (end < count) setImmediate(some, end);
  };
  some(0);
}

/** So many quotes of `symbols` per second, one in each event or `perEvent` of them. */
function startFlow(socket, { perSecond, symbols = 500, perEvent = 1 }) {
  const start = performance.now();
  let sent = 0;
  const quote = () => {
    sent++;
    return { symbol: `SYM${(sent * 7) % symbols}`, price: 100 + (sent % 977) / 10, number: sent };
  };
  const timer = setInterval(() => {
    const due = ((performance.now() - start) * perSecond) / 1_000;
    while (sent + perEvent <= due) {
      if (perEvent === 1) socket.emit("quote", quote());
      else socket.emit("quotes", Array.from({ length: perEvent }, quote));
    }
  }, 2);
  return () => clearInterval(timer);
}

async function serveUntilLeft(scripts) {
  const { server, url, stop } = await listen(serve(...scripts));
  const io = new Server(server, { serveClient: false });
  io.on("connection", answer);
  const leave = async () => {
    await io.close();
    await stop();
    process.exit();
  };
  process.once("disconnect", () => void leave());
  process.send({ url });
}

if (process.argv[1] === here)
  process.once("message", ({ scripts }) => void serveUntilLeft(scripts));
