/**
 * `sockeye-client/testing` does what socket.io does: the same scenarios on both, with each client, say the same.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import { Server } from "socket.io";
import { createMockServer } from "sockeye-client/testing";
import { transportTo } from "../../docs/examples/officialTransport.mjs";
import { scenarios } from "./seat-scenarios.mjs";
import { forEachSubject } from "./subjects.mjs";

/** A server of socket.io, on a port. */
async function startReal(options) {
  const http = createServer();
  const io = new Server(http, options);
  await once(http.listen(0, "127.0.0.1"), "listening");
  const url = `http://127.0.0.1:${http.address().port}`;
  return { io, url, clientOptions: () => ({ transports: ["websocket"] }), stop: () => io.close() };
}

/** Ours, without one. */
function startSeat(options) {
  const io = createMockServer(options);
  const ways = {
    "sockeye-client": () => io.clientOptions(),
    "sockeye-client/compat": () => (io.install(), { transports: ["websocket"] }),
    "socket.io-client": () => ({ transports: [transportTo(io)] }),
  };
  return { io, url: "http://mock", clientOptions: (name) => ways[name](), stop: () => io.close() };
}

/** Resolves with everything that a scenario says. Its clients end before the server does. */
async function play(server, { run, name, start }) {
  const said = [];
  const say = (...words) => said.push(JSON.stringify(words));
  const ends = [];
  const scope = { after: (end) => ends.push(end) };
  try {
    await run({
      io: server.io,
      say,
      start: (namespace, options) =>
        start(scope, server.url + namespace, { ...server.clientOptions(name), ...options }),
    });
  } finally {
    for (const end of ends) await end();
    await server.stop();
  }
  return said;
}

forEachSubject((name, start) => {
  for (const [title, scenario] of Object.entries(scenarios)) {
    const { run = scenario, options } = scenario;
    test(`${name}: ${title}`, async () => {
      const real = await play(await startReal(options), { run, name, start });
      const seat = await play(startSeat(options), { run, name, start });
      assert.ok(real.length > 0);
      assert.deepEqual(seat, real);
    });
  }
});
