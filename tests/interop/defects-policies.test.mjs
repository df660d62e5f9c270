/**
 * What the official client does when the server does not want it: it never tries again. With Sockeye the
 * application decides.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { failureOf, limit, setUp, until } from "./defects.mjs";

test(
  "tries again after a refusal if it is told to; the official client never does",
  limit,
  async (t) => {
    const world = await setUp(t);
    let refusals = 0;
    let refused = 1;
    world.io.use((_, next) => {
      refusals += refused;
      next(refused ? new Error("the database is away") : undefined);
    });

    const socket = world.official();
    const [error] = await once(socket, "connect_error");
    assert.equal(error.message, "the database is away");
    assert.equal(socket.active, false, "official: it does not try again");
    assert.equal(refusals, 1);

    const client = world.sockeye({ reconnectOn: { refused: "always" } });
    const failure = await failureOf(client.connect());
    assert.equal(failure.code, "connect_refused");
    const { attempt } = await until(client, (status) => status.attempt >= 3);
    assert.ok(attempt >= 3);
    refused = 0;
    await until(client, ({ state }) => state === "connected");
  },
);

test(
  "comes back after a server's disconnect if it is told to; the official client never does",
  limit,
  async (t) => {
    let connections = 0;
    const kickTheFirst = (socket) => {
      connections += 1;
      if (connections === 1) socket.disconnect();
    };
    const world = await setUp(t, { serve: kickTheFirst });

    const socket = world.official();
    const [reason] = await once(socket, "disconnect");
    assert.equal(reason, "io server disconnect");
    assert.equal(socket.active, false, "official: it does not try again");
    socket.disconnect();

    connections = 0;
    const careful = world.sockeye();
    void careful.connect().catch(() => {});
    const { cause } = await until(careful, ({ state }) => state === "disconnected");
    assert.equal(cause.code, "server_disconnect", "by default it says so");

    connections = 0;
    const client = world.sockeye({ reconnectOn: { serverDisconnect: "always" } });
    await client.connect();
    await until(client, ({ state }) => state === "connected" && connections === 2);
  },
);
