/** Builds, which renders the pages, and checks that this needs no warning and no connection. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { text } from "node:stream/consumers";

let connections = 0;
const server = createServer((socket) => {
  connections += 1;
  socket.destroy();
}).listen(0, "127.0.0.1");
await once(server, "listening");

const env = { ...process.env, SERVER: `http://127.0.0.1:${server.address().port}` };
const build = spawn("node_modules/.bin/ng", ["build"], { env, stdio: ["ignore", "pipe", "pipe"] });
const [said, complained, [code]] = await Promise.all([
  text(build.stdout),
  text(build.stderr),
  once(build, "close"),
]);
server.close();

console.log(said, complained);
assert.equal(code, 0, "ng build fails");
assert.doesNotMatch(said + complained, /warning/i);
assert.equal(connections, 0, "the server was reached while pages were rendered");
for (const page of ["index.html", "lane/index.html"]) {
  const html = readFileSync(`dist/browser/${page}`, "utf8");
  assert.match(html, /data-testid="status"[^>]*>idle</, `${page} has the state of the client`);
}
