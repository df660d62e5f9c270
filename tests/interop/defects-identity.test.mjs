/**
 * A defect of the official client in what goes over the next connection: as whom.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { failureOf, limit, setUp } from "./defects.mjs";

const echo = (socket) => socket.on("echo", (value, answer) => answer(value));

test("sends nothing of one user as another; the official client does", limit, async (t) => {
  const heard = [];
  const world = await setUp(t, {
    serve: (socket) => {
      const { user } = socket.handshake.auth;
      echo(socket);
      socket.on("save", (value, answer) => {
        heard.push(`${value} as ${user}`);
        answer?.();
      });
    },
  });

  const socket = world.official({ auth: { user: "alice" } });
  await once(socket, "connect");
  socket.disconnect();
  socket.emit("save", "alice's");
  socket.auth = { user: "bob" };
  socket.connect();
  await socket.emitWithAck("echo", 1);
  assert.deepEqual(heard, ["alice's as bob"], "official");
  socket.disconnect();

  heard.length = 0;
  const client = world.sockeye({
    identity: "alice",
    auth: () => ({ user: client.identity }),
  });
  await client.connect();
  client.disconnect();
  client.emit("save", "alice's event");
  const request = failureOf(client.request("save", "alice's request"));
  const action = client.enqueue("save", "alice's action");
  await action.accepted;
  client.setIdentity("bob");
  assert.equal((await request).code, "identity_changed");
  await client.connect();
  await client.enqueue("save", "bob's action").result;
  await client.request("echo", 1);
  assert.deepEqual(heard, ["bob's action as bob"]);

  const saved = action.result;
  client.setIdentity("alice");
  await saved;
  assert.deepEqual(heard, ["bob's action as bob", "alice's action as alice"]);
});
