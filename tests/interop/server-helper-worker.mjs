/**
 * A server with the helper: `node server-helper-worker.mjs <settings as JSON>`; prints its port.
 *
 * `{ file }` is a SQLite database; with `{ dieAt, when }` the process kills itself at that commit of the
 * application's work, "before" or "after" it. `{ redis, name }` is a Redis, and what the server is called.
 */
import { createServer } from "node:http";
import Database from "libsql";
import { createClient } from "redis";
import { Server } from "socket.io";
import { createServerHelper, redisStore } from "sockeye-client/server";
import { sqliteStore } from "../../docs/examples/sqliteStore.mjs";

const settings = JSON.parse(process.argv[2]);
const server = createServer();
const io = new Server(server);
await (settings.file ? serveSqlite(settings) : serveRedis(settings));
server.listen(0, "127.0.0.1", () => console.log(`listening on ${server.address().port}`));

function serveSqlite({ file, dieAt, when }) {
  const database = new Database(file);
  database.exec("CREATE TABLE IF NOT EXISTS saved (value TEXT, server INTEGER)");
  const works = killAtCommit(database, dieAt, when);
  const attached = createServerHelper({ store: sqliteStore(database) }).attach(io);
  io.on("connection", (socket) => {
    attached.handle(socket, "save", ({ tx }, value) => {
      tx.prepare("INSERT INTO saved VALUES (?, ?)").run(value, process.pid);
      works.count += 1;
      return value;
    });
  });
}

/** Nothing of this process happens any more once it is killed. */
function killAtCommit(database, dieAt, when) {
  const works = { count: 0 };
  const exec = database.exec.bind(database);
  database.exec = (sql) => {
    const isDue = sql === "COMMIT" && works.count === dieAt;
    if (isDue && when === "before") killNow();
    exec(sql);
    if (isDue) killNow();
  };
  return works;
}

function killNow() {
  process.kill(process.pid, "SIGKILL");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

async function serveRedis({ redis: path, name }) {
  const client = await createClient({ socket: { path } }).connect();
  const waiting = await createClient({ socket: { path } }).connect();
  const attached = createServerHelper({ store: redisStore(client) }).attach(io);
  io.on("connection", (socket) => {
    socket.on("save", async (value, done) => {
      await client.rPush("saved", value);
      if (value === "slow") await waiting.blPop("go", 0);
      done(value, name);
    });
    socket.on("tell", (text, done) => void attached.emit("news", text, name).then(done));
  });
}
