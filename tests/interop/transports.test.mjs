/** Every way to connect, against socket.io in Node. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createClient } from "sockeye-client";
import { useBrowser } from "../browser/support/browser.mjs";
import { startSite } from "../browser/support/site.mjs";
import { waitFor } from "../browser/support/wait.mjs";
import { startServer } from "../compat/server.mjs";
import { forEachSubject, forEachWay } from "./subjects.mjs";

const limit = { timeout: 20_000 };
const reconnect = { minMs: 10, baseMs: 20, capMs: 50 };

const serve = async (t, options) => {
  const server = await startServer(options);
  t.after(() => server.stop());
  return server;
};

const bytes = (value) => [...new Uint8Array(value)];

forEachSubject((name, start) => {
  forEachWay((way, transports) => {
    describe(`${name}, ${way}`, () => {
      const connect = async (t, server, namespace = "", options = {}) => {
        const subject = start(t, server.url + namespace, { transports, ...options });
        await subject.connected();
        return subject;
      };

      test("is on the transport that it should be on", limit, async (t) => {
        const server = await serve(t);
        await connect(t, server);
        await waitFor(transports.at(-1), () => server.transports()[0] === transports.at(-1));
        assert.equal(server.transports().length, 1);
      });

      test("keeps the order of 500 events, over an upgrade, too", limit, async (t) => {
        const server = await serve(t);
        const subject = start(t, server.url, { transports });
        const back = subject.heard("bounced");
        const numbers = Array.from({ length: 500 }, (_, index) => index);
        for (const number of numbers.slice(0, 250)) subject.emit("bounce", number);
        await subject.connected();
        for (const number of numbers.slice(250)) subject.emit("bounce", number);
        await subject.request("echo", "done");
        assert.deepEqual(back.flat(), numbers);
      });

      test("sends and receives bytes, nested and as views", limit, async (t) => {
        const server = await serve(t);
        const subject = await connect(t, server);
        const whole = Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7).buffer;
        const value = { list: [new Uint8Array(whole, 2, 3)], view: new DataView(whole, 7), whole };
        const back = subject.heard("bounced");
        subject.emit("bounce", "first", value);
        const answer = await subject.request("echo", value);
        assert.deepEqual(server.heard()[0], [
          "/",
          "bounce",
          "first",
          {
            list: [{ bytes: [2, 3, 4] }],
            view: { bytes: [7] },
            whole: { bytes: [0, 1, 2, 3, 4, 5, 6, 7] },
          },
        ]);
        for (const { list, view, whole } of [answer, back[0][1]]) {
          assert.deepEqual([list[0], view, whole].map(bytes), [
            [2, 3, 4],
            [7],
            [0, 1, 2, 3, 4, 5, 6, 7],
          ]);
        }
        assert.ok(value.list[0] instanceof Uint8Array, "the input is left alone");
      });

      test("answers the server with bytes", limit, async (t) => {
        const server = await serve(t);
        const subject = await connect(t, server);
        subject.respond("question", (value) => ({ half: Uint8Array.of(...bytes(value)).slice(1) }));
        const answered = subject.heard("answered");
        subject.emit("ask me", "question", Uint8Array.of(1, 2));
        await waitFor("the answer", () => answered.length === 1);
        assert.deepEqual(bytes(answered[0][0].half), [2]);
      });

      test("has auth and events of its own in each namespace", limit, async (t) => {
        const server = await serve(t);
        const names = ["/admin", "/jobs"];
        for (const name of names) await connect(t, server, name, { auth: { name } });
        const auths = server.handshakes().map(({ namespace, auth }) => [namespace, auth.name]);
        assert.deepEqual(
          auths,
          [names[0], names[1]].map((name) => [name, name]),
        );
      });

      test("is told why a namespace refuses it, with data", limit, async (t) => {
        const server = await serve(t);
        server.refuse("/no", "not for you", { code: "forbidden" });
        const subject = start(t, `${server.url}/no`, { transports });
        const error = await subject.connected().then(assert.fail, (error) => error);
        assert.match(JSON.stringify([error.message, error.data]), /not for you/);
        assert.match(JSON.stringify(error.data), /"code":"forbidden"/);
      });

      test("comes back after the server closed the connection", limit, async (t) => {
        const server = await serve(t);
        const subject = await connect(t, server);
        await subject.request("echo", 1);
        const away = subject.away();
        server.closeEngines();
        await away;
        await subject.connected();
        assert.equal(await subject.request("echo", 2), 2);
      });
    });
  });
});

test("connects over polling in the same attempt when WebSockets are blocked", limit, async (t) => {
  const server = await serve(t);
  server.blockWebSockets(true);
  const client = createClient(server.url, { reconnect });
  t.after(() => client.destroy());
  const states = [];
  client.status.subscribe(({ state }) => states.push(state));
  await client.connect();
  assert.deepEqual(server.transports(), ["polling"]);
  assert.ok(!states.includes("waiting"), states.join());
  assert.equal(await client.request("echo", Uint8Array.of(1).buffer).then(bytes).then(String), "1");
});

test("takes a WebSocket on the next connection when it may", limit, async (t) => {
  const server = await serve(t);
  server.blockWebSockets(true);
  const client = createClient(server.url, { reconnect });
  t.after(() => client.destroy());
  await client.connect();
  server.blockWebSockets(false);
  server.closeEngines();
  await waitFor("a WebSocket", () => server.transports()[0] === "websocket");
});

describe("in a page", () => {
  const browser = useBrowser();

  test("goes back to a WebSocket while it is connected, a minute later", limit, async (t) => {
    const server = await serve(t, { pingInterval: 3_600_000 });
    server.blockWebSockets(true);
    const site = await startSite();
    t.after(() => site.stop());
    const page = await browser.open(t, "about:blank");
    await page.clock.install();
    await page.goto(site.url);
    const connected = page.evaluate((url) => {
      // A clock that is put forward looks like a machine that has slept.
      window.client = window.kit.makeClient(url, { lifecycle: false });
      return window.kit.outcome(window.client.connect());
    }, server.url);
    await waitFor("the connection", () => server.ids("/").length === 1);
    assert.equal((await connected).code, undefined);
    assert.deepEqual(server.transports(), ["polling"]);
    server.blockWebSockets(false);
    await page.clock.fastForward(10_000);
    assert.equal(await page.evaluate(() => window.client.request("echo", 1)), 1);
    assert.deepEqual(server.transports(), ["polling"], "not yet");
    await page.clock.fastForward(60_000);
    await waitFor("a WebSocket", () => server.transports()[0] === "websocket");
    assert.equal(await page.evaluate(() => window.client.request("echo", 2)), 2);
    assert.equal(server.handshakes().length, 1, "in one and the same session");
  });
});
