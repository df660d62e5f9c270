/** Payloads and answers between the package and socket.io, both ways. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { connect, nextSocket, useSetting } from "./setting.mjs";

const open = useSetting();

/** A connected pair: the page's client and the server's socket. */
async function connectedPair(t, settings) {
  const { page, server } = await open(t, settings);
  const [socket, result] = await Promise.all([nextSocket(server), connect(page)]);
  assert.equal(result.code, undefined);
  return { page, socket };
}

const samples = {
  nothing: null,
  numbers: [0, -1, 1.5, 1e21, Number.MAX_SAFE_INTEGER],
  words: 'ünïcödé 🐟 日本語 \u2028 \u0000 " \\ / \n',
  "a lone surrogate": "\ud800",
  "an empty name": { "": [] },
  nested: { a: [{ b: { c: [[], {}, [null, true]] } }] },
  "100 kB": "🐟é".repeat(100_000 / 6),
};

for (const [title, value] of Object.entries(samples)) {
  test(`carries ${title} there and back`, async (t) => {
    const { page, socket } = await connectedPair(t);
    let received;
    socket.on("echo", (value, answer) => {
      received = value;
      socket.emit("echoed", value);
      answer(value);
    });
    const [answer, [pushed]] = await page.evaluate((value) => {
      const pushed = window.kit.take(window.client.on("echoed"), 1);
      return Promise.all([window.client.request("echo", value), pushed]);
    }, value);
    assert.deepEqual(received, value);
    assert.deepEqual(answer, value);
    assert.deepEqual(pushed, value);
  });
}

test("carries several arguments as a tuple, and none as undefined", async (t) => {
  const { page, socket } = await connectedPair(t);
  socket.on("args", (...args) => args.pop()(...args));
  const answers = await page.evaluate(async () => [
    await window.client.request("args", 1, "two", { three: 3 }),
    String(await window.client.request("args")),
    await window.client.request("args", [1, 2]),
  ]);
  assert.deepEqual(answers, [[1, "two", { three: 3 }], "undefined", [1, 2]]);
});

test("keeps the order of 1,000 events both ways", async (t) => {
  const { page, socket } = await connectedPair(t);
  const numbers = Array.from({ length: 1_000 }, (_, index) => index);
  const received = [];
  socket.on("up", (number) => {
    received.push(number);
    socket.emit("down", number);
    if (number % 3 === 0) socket.emit("nobody listens", number);
  });
  const back = await page.evaluate(async (numbers) => {
    const back = window.kit.take(window.client.on("down"), numbers.length);
    for (const number of numbers) window.client.emit("up", number);
    return back;
  }, numbers);
  assert.deepEqual(received, numbers);
  assert.deepEqual(back, numbers);
});

test("matches 200 answers that come in reverse order", async (t) => {
  const { page, socket } = await connectedPair(t);
  const answers = [];
  socket.on("question", (number, answer) => {
    answers.unshift(() => answer(number));
    if (answers.length === 200) for (const give of answers) give();
  });
  const got = await page.evaluate(() =>
    Promise.all(
      Array.from({ length: 200 }, (_, number) => window.client.request("question", number)),
    ),
  );
  assert.deepEqual(
    got,
    got.map((_, number) => number),
  );
});

test("answers the server through respond(), at once and later", async (t) => {
  const { page, socket } = await connectedPair(t);
  await page.evaluate(() => {
    const { client } = window;
    client.respond("double", (number) => number * 2);
    client.respond("slowly", async (text) => {
      await new Promise((resolve) => requestAnimationFrame(resolve));
      return { text };
    });
    client.respond("nothing", () => {});
  });
  assert.equal(await socket.timeout(2_000).emitWithAck("double", 21), 42);
  assert.deepEqual(await socket.timeout(2_000).emitWithAck("slowly", "é"), { text: "é" });
  assert.equal(await socket.timeout(2_000).emitWithAck("nothing"), undefined);
});

test("gives no answer when the responder throws, and reports it", async (t) => {
  const { page, socket } = await connectedPair(t);
  await page.evaluate(() => {
    window.reported = window.kit.take(window.client.errors, 1);
    window.client.respond("broken", () => Promise.reject(new Error("no answer")));
  });
  await assert.rejects(socket.timeout(200).emitWithAck("broken"), /timed out/);
  const code = await page.evaluate(async () => (await window.reported)[0].code);
  assert.equal(code, "listener_error");
});

test("sends auth from a function before each attempt", async (t) => {
  const { page, server } = await open(t);
  const tokens = [];
  server.io.use((socket, next) => {
    tokens.push(socket.handshake.auth);
    next();
  });
  await page.evaluate(async (url) => {
    let made = 0;
    const auth = async () => ({ token: `token ${(made += 1)} é` });
    window.client = window.kit.makeClient(url, { auth, query: { room: "a b", n: 1 } });
    await window.client.connect();
  }, server.url);
  const [[, socket]] = server.io.of("/").sockets;
  assert.equal(socket.handshake.query.room, "a b");
  assert.equal(socket.handshake.query.n, "1");
  const again = nextSocket(server);
  socket.conn.close();
  await again;
  assert.deepEqual(tokens, [{ token: "token 1 é" }, { token: "token 2 é" }]);
});

test("drops volatile events without a connection and sends the others on the next", async (t) => {
  const { page, server } = await open(t);
  const received = [];
  server.io.on("connection", (socket) => socket.onAny((event) => received.push(event)));
  const socket = nextSocket(server).then((socket) => once(socket, "last"));
  await page.evaluate(async () => {
    const { client } = window;
    client.with({ volatile: true }).emit("dropped");
    client.emit("kept");
    await client.connect();
    client.with({ volatile: true }).emit("connected");
    client.emit("last");
  });
  await socket;
  assert.deepEqual(received, ["kept", "connected", "last"]);
});

/** What a page sends, by the bytes that arrive. */
const binaries = {
  "an ArrayBuffer": [() => Uint8Array.of(1, 2, 3).buffer, [1, 2, 3]],
  "a part of a buffer": [() => new Uint8Array(Uint8Array.of(0, 1, 2, 3).buffer, 1, 2), [1, 2]],
  "a DataView": [() => new DataView(Uint8Array.of(0, 7, 8).buffer, 1), [7, 8]],
  "numbers of two bytes": [() => Uint16Array.of(0x0201), [1, 2]],
  "a Blob": [() => new Blob([Uint8Array.of(4, 5)]), [4, 5]],
  "a File": [() => new File([Uint8Array.of(6)], "six.bin"), [6]],
  "no bytes at all": [() => new ArrayBuffer(0), []],
};

for (const [title, [make, bytes]] of Object.entries(binaries)) {
  test(`carries ${title} there and back`, async (t) => {
    const { page, socket } = await connectedPair(t);
    let received;
    socket.on("echo", (value, answer) => {
      received = value;
      answer({ nested: [value.nested] });
    });
    const answered = await page.evaluate(async (source) => {
      const nested = new Function(`return (${source})()`)();
      const answer = await window.client.request("echo", { nested, text: "beside" });
      const [buffer] = answer.nested;
      return [buffer instanceof ArrayBuffer, ...new Uint8Array(buffer)];
    }, String(make));
    assert.deepEqual(received, { nested: Buffer.from(bytes), text: "beside" });
    assert.deepEqual(answered, [true, ...bytes]);
  });
}

test("carries binary events and answers of the page, in order with text", async (t) => {
  const { page, socket } = await connectedPair(t);
  await page.evaluate(() => {
    const { client, kit } = window;
    window.news = kit.take(client.on("news"), 3);
    client.respond("ask", (bytes) => ({ same: bytes, one: new Blob([Uint8Array.of(1)]) }));
  });
  socket.emit("news", "first");
  socket.emit("news", { bytes: Buffer.of(1, 2), more: [Buffer.of(3)] });
  socket.emit("news", "last");
  const news = await page.evaluate(async () => {
    const [first, { bytes, more }, last] = await window.news;
    return [first, [...new Uint8Array(bytes)], [...new Uint8Array(more[0])], last];
  });
  assert.deepEqual(news, ["first", [1, 2], [3], "last"]);
  const answer = await socket.timeout(5_000).emitWithAck("ask", Buffer.of(9));
  assert.deepEqual(answer, { same: Buffer.of(9), one: Buffer.of(1) });
});

test("carries ten binary values in one event, in order with what is sent after it", async (t) => {
  const { page, socket } = await connectedPair(t);
  const received = [];
  socket.onAny((event, value) => received.push([event, value]));
  const last = once(socket, "last");
  await page.evaluate(() => {
    const blobs = Array.from({ length: 10 }, (_, index) => new Blob([Uint8Array.of(index)]));
    window.client.emit("ten", blobs);
    window.client.emit("last", "text");
  });
  await last;
  const ten = Array.from({ length: 10 }, (_, index) => Buffer.of(index));
  assert.deepEqual(received, [
    ["ten", ten],
    ["last", "text"],
  ]);
});

test("streams every event, and every one that is sent", async (t) => {
  const { page, socket } = await connectedPair(t);
  await page.evaluate(() => {
    const { client, kit } = window;
    window.incoming = kit.take(client.onAny(), 2);
    window.outgoing = kit.take(client.onAnyOutgoing(), 2);
    client.on("heard").subscribe(() => {});
    client.emit("sent", 1);
    client.request("asked", "two").catch(() => {});
  });
  socket.emit("heard", 1);
  socket.emit("unheard", 2, "two");
  const [incoming, outgoing] = await page.evaluate(async () => [
    await window.incoming,
    await window.outgoing,
  ]);
  assert.deepEqual(incoming, [
    { event: "heard", args: [1] },
    { event: "unheard", args: [2, "two"] },
  ]);
  assert.deepEqual(outgoing, [
    { event: "sent", args: [1] },
    { event: "asked", args: ["two"] },
  ]);
});
