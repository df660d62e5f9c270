/** Servers that speak the protocol, but not as they should, or that say no. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { useBrowser } from "../support/browser.mjs";
import { assertFailure } from "../support/failures.mjs";
import { accept, handshake, startScripted } from "../support/scripted.mjs";
import { startSite } from "../support/site.mjs";
import { waitFor } from "../support/wait.mjs";

const browser = useBrowser();
let site;
before(async () => (site = await startSite()));
after(() => site.stop());

/** A page with `window.client` at a server of this script. */
async function clientOf(t, script, options = {}) {
  const server = await startScripted({ script });
  t.after(server.stop);
  const page = await browser.open(t, site.url);
  await page.evaluate(
    ([url, options]) => {
      const { makeClient, describe } = window.kit;
      window.client = makeClient(url, options);
      window.errors = [];
      window.client.errors.subscribe((error) => window.errors.push(describe(error)));
    },
    [server.url, options],
  );
  return { page, server };
}

const connect = (page) => page.evaluate(() => window.kit.outcome(window.client.connect()));
const connected = (page) => page.evaluate(() => window.kit.until(window.client, "connected"));
const errorsOf = (page) => page.evaluate(() => window.errors);

/** The first connection goes as `script` says, later ones well. */
const firstTime = (script) => (peer, index) => (index === 0 ? script(peer) : accept(peer));

const badHandshakes = {
  "no JSON": "0{bad",
  "no object": "0null",
  "no fields": "0{}",
  "an empty sid": handshake({ sid: "" }),
  "a pingInterval that no timer can wait": handshake({ pingInterval: 3e9 }),
  "a negative pingTimeout": handshake({ pingTimeout: -1 }),
  "a pingInterval in words": handshake({ pingInterval: "25s" }),
};

for (const [title, frame] of Object.entries(badHandshakes)) {
  test(`reports invalid_handshake for one with ${title}, and recovers`, async (t) => {
    const { page, server } = await clientOf(
      t,
      firstTime((peer) => peer.send(frame)),
    );
    assertFailure(await connect(page), "invalid_handshake", 5_000);
    await connected(page);
    assert.equal(server.peers.length, 2);
    await waitFor("the bad connection to be closed", () => server.peers[0].closed);
  });
}

const brokenFrames = [
  "4",
  "4x",
  "42",
  "42{}",
  '42["open"',
  "43[]",
  "42[true]",
  "7",
  "0{}",
  "4451-",
];

for (const frame of brokenFrames) {
  test(`reports parse_error for the frame ${frame} and connects again`, async (t) => {
    const { page, server } = await clientOf(t, async (peer, index) => {
      await accept(peer);
      if (index === 0) peer.send(frame);
    });
    await page.evaluate(() => {
      window.waited = window.kit.until(window.client, "waiting");
    });
    await connect(page);
    const { reason, cause } = await page.evaluate(() => window.waited);
    assert.equal(reason, "parse error");
    assertFailure(cause, "parse_error");
    await connected(page);
    assert.equal(server.peers.length, 2);
    assert.deepEqual(
      (await errorsOf(page)).map(({ code }) => code),
      ["parse_error"],
    );
    assert.deepEqual(page.errors, []);
  });
}

test("answers each ping at once and sends none itself", async (t) => {
  const { page, server } = await clientOf(t, async (peer) => {
    await accept(peer);
    for (let ping = 0; ping < 3; ping += 1) {
      peer.send("2");
      assert.equal(await peer.next(), "3");
    }
    peer.send('42["pinged"]');
  });
  await page.evaluate(async () => {
    const pinged = window.kit.take(window.client.on("pinged"), 1);
    await window.client.connect();
    await pinged;
  });
  assert.deepEqual(server.peers[0].frames, ["40", "3", "3", "3"]);
});

test("takes a server that stops pinging for dead and connects again", async (t) => {
  const { page, server } = await clientOf(t, (peer, index) =>
    accept(peer, index === 0 ? { pingInterval: 100, pingTimeout: 100 } : {}),
  );
  await connect(page);
  const { reason, cause } = await page.evaluate(() => window.kit.until(window.client, "waiting"));
  assert.equal(reason, "ping timeout");
  assertFailure(cause, "ping_timeout");
  await connected(page);
  assert.equal(server.peers.length, 2);
  await waitFor("the dead connection to be closed", () => server.peers[0].closed);
});

test("drops a packet with too many attachments, says so, and goes on with the stream", async (t) => {
  const { page, server } = await clientOf(t, async (peer) => {
    await accept(peer);
    peer.send('4565-["file",{"_placeholder":true,"num":0}]');
    for (let count = 0; count < 65; count++) peer.send(Buffer.from("part"));
    peer.send('42["file","as text"]');
  });
  const values = await page.evaluate(async () => {
    const file = window.kit.take(window.client.on("file"), 1);
    await window.client.connect();
    return file;
  });
  assert.deepEqual(values, ["as text"]);
  const errors = await errorsOf(page);
  assert.equal(errors.length, 1);
  assertFailure(errors[0], "attachments_exceeded");
  assert.equal(server.peers.length, 1, "on the same connection");
});

test("reports unsupported_server for Socket.IO 2 and stays disconnected", async (t) => {
  const { page, server } = await clientOf(t, (peer) => {
    peer.send(handshake());
    peer.send("40");
  });
  assertFailure(await connect(page), "unsupported_server", 5_000);
  const { state } = await page.evaluate(() => window.kit.toPlain(window.client.status.value));
  assert.equal(state, "disconnected");
  await waitFor("the connection to be closed", () => server.peers[0].closed);
  assert.equal(server.peers.length, 1);
});

test("reports connect_refused with what the server said; connect() tries again", async (t) => {
  const { page } = await clientOf(
    t,
    firstTime(async (peer) => {
      peer.send(handshake());
      await peer.next();
      peer.send('44{"message":"unauthorized","data":{"code":"expired"}}');
    }),
  );
  const failure = await connect(page);
  assertFailure(failure, "connect_refused", 5_000);
  assert.deepEqual(failure.data, { message: "unauthorized", data: { code: "expired" } });
  const status = await page.evaluate(() => window.kit.toPlain(window.client.status.value));
  assert.equal(status.state, "disconnected");
  assert.equal(status.cause.code, "connect_refused");
  assert.equal((await connect(page)).code, undefined);
});

test("reports connect_timeout when a namespace is not answered", async (t) => {
  const silent = firstTime((peer) => peer.send(handshake()));
  const { page } = await clientOf(t, silent, { connectTimeoutMs: 2_000 });
  const failure = await connect(page);
  assertFailure(failure, "connect_timeout", 10_000);
  assert.ok(failure.ms >= 2_000);
  await connected(page);
});

test("stays disconnected after the server's DISCONNECT until connect() is called", async (t) => {
  const { page, server } = await clientOf(t, async (peer, index) => {
    await accept(peer);
    if (index === 0) peer.send("41");
  });
  await page.evaluate(() => {
    window.disconnected = window.kit.until(window.client, "disconnected");
  });
  await connect(page);
  const { reason, cause } = await page.evaluate(() => window.disconnected);
  assert.equal(reason, "io server disconnect");
  assertFailure(cause, "server_disconnect");
  await waitFor("the connection to be closed", () => server.peers[0].closed);
  assert.equal(server.peers.length, 1);
  await connect(page);
  assert.equal(server.peers.length, 2);
});

test("times a request out and throws its late answer away", async (t) => {
  const { page } = await clientOf(t, async (peer) => {
    await accept(peer);
    const [, late] = /^42(\d+)/.exec(await peer.next());
    const [, prompt] = /^42(\d+)/.exec(await peer.next());
    peer.send(`43${late}["late"]`);
    peer.send(`43${prompt}["prompt"]`);
  });
  await connect(page);
  const [first, second] = await page.evaluate(async () => {
    const { outcome } = window.kit;
    const first = await outcome(window.client.with({ timeoutMs: 100 }).request("slow"));
    return [first, await outcome(window.client.request("fast"))];
  });
  assertFailure(first, "ack_timeout", 5_000);
  assert.equal(second.value, "prompt");
});

test("rejects what was asked on a connection that is lost", async (t) => {
  const { page } = await clientOf(
    t,
    firstTime(async (peer) => {
      await accept(peer);
      await peer.next();
      peer.terminate();
    }),
  );
  await connect(page);
  const failure = await page.evaluate(() => window.kit.outcome(window.client.request("question")));
  assertFailure(failure, "disconnected", 5_000);
  await connected(page);
});
