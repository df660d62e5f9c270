/** The back end "realtime": two processes of Node with the Redis adapter, and a worker behind Redis. */
import assert from "node:assert/strict";
import { test } from "node:test";
import jwt from "jsonwebtoken";
import { assertFailure } from "../browser/support/failures.mjs";
import { endInReverse, startRedis } from "../interop/processes.mjs";
import { host, startNode, usePage } from "./stack.mjs";

const limit = { timeout: 30_000 };
const openPage = usePage();

const tokenOf = (userId, expiresIn = "1h") =>
  jwt.sign({}, "the secret of the tests", { subject: userId, expiresIn });

/** Starts everything; `servers` can be killed. */
async function startRealtime(t) {
  const owner = endInReverse(t);
  const redis = await startRedis(owner);
  await startNode(owner, "realtime-worker", redis);
  const begun = [1, 2].map(() => startNode(owner, "realtime", redis));
  const servers = await Promise.all(begun);
  return { servers, urls: servers.map(({ address }) => `http://${host}:${address}`) };
}

test(
  "tells a search once to each of a user's clients, whichever server they are at",
  limit,
  async (t) => {
    const { urls } = await startRealtime(t);
    const page = await openPage(t);
    const got = await page.evaluate(
      async ([urls, token]) => {
        const { makeClient, take } = window.kit;
        // Without de-duplication, so that what came twice would show.
        const clients = urls.map((url) => makeClient(url, { auth: { token }, dedup: false }));
        const greetings = clients.map((client) => take(client.on("connected"), 1));
        await Promise.all(clients.map((client) => client.connect()));
        await Promise.all(greetings);
        const told = clients.map((client) => {
          const events = [];
          client.onAny().subscribe(({ event, args }) => {
            // Who is there is told by the other server, whenever it hears of it.
            if (!["user:presence:v1", "tab:update:v1"].includes(event)) {
              events.push([event, args[0]]);
            }
          });
          return events;
        });
        const complete = clients.map((client) => take(client.on("search:complete:v1"), 1));
        const answer = await clients[0].request("search:start:v1", {
          query: "salmon",
          jobId: "one",
        });
        await Promise.all(complete);
        // What a server has told the other one about the search comes before this.
        const updates = clients.map((client) => take(client.on("tab:update:v1"), 1));
        for (const client of clients) client.emit("tab:update:v1", { tabId: "last", state: {} });
        await Promise.all(updates);
        return { answer, told };
      },
      [urls, tokenOf("ada")],
    );
    assert.deepEqual(got.answer, { jobId: "one" });
    const events = ["search:started", "search:result:v1", "model:chunk:v1", "model:complete:v1"];
    for (const told of got.told) {
      const of = (name) => told.filter(([event]) => event === name).map(([, payload]) => payload);
      assert.deepEqual(
        [...new Set(told.map(([event]) => event))],
        [...events, "search:complete:v1"],
      );
      assert.deepEqual(
        of("search:result:v1").map(({ result }) => result),
        ["s0", "a1", "l2", "m3", "o4", "n5"],
      );
      const text = of("model:chunk:v1").map(({ chunk }) => chunk);
      assert.equal(text.join(""), of("model:complete:v1")[0].text);
      assert.equal(new Set(told.map(([, { id }]) => id)).size, told.length, "ids are unique");
      assert.equal(told.length, 1 + 6 + 6 + 1 + 1);
    }
  },
);

test("tells a user's other tabs, and others who is there, over both servers", limit, async (t) => {
  const { urls } = await startRealtime(t);
  const page = await openPage(t);
  const got = await page.evaluate(
    async ([urls, ada, bob]) => {
      const { makeClient, take } = window.kit;
      const connected = async (url, token) => {
        const client = makeClient(url, { auth: { token } });
        const greeting = take(client.on("connected"), 1);
        await client.connect();
        await greeting;
        return client;
      };
      const first = await connected(urls[0], ada);
      const second = await connected(urls[1], ada);
      const seen = [];
      const presence = new Promise((resolve) => {
        first.on("user:presence:v1").subscribe(({ userId, status }) => {
          if (userId === "bob") seen.push(status);
          if (seen.length === 2) resolve();
        });
      });
      const other = await connected(urls[1], bob);
      const own = [];
      first.on("tab:update:v1").subscribe((update) => own.push(update));
      const update = take(second.on("tab:update:v1"), 1);
      first.emit("tab:update:v1", { tabId: "t1", state: { scroll: 7 } });
      const [{ tabId, state }] = await update;
      await other.destroy();
      await presence;
      const refusals = [];
      for (let count = 0; count < 4; count++) {
        refusals.push(await second.request("search:start:v1", { query: "", jobId: `${count}` }));
      }
      const bad = await second.request("search:start:v1", { query: 7 });
      const cancelled = await second.request("task:cancel:v1", { taskId: "none" });
      return { tabId, state, own, seen, last: refusals.at(-1), bad, cancelled };
    },
    [urls, tokenOf("ada"), tokenOf("bob")],
  );
  assert.deepEqual(got, {
    tabId: "t1",
    state: { scroll: 7 },
    own: [],
    seen: ["online", "offline"],
    last: { error: "rate_limited", retryAfterMs: 60_000 },
    bad: { error: "invalid_payload", field: "query" },
    cancelled: { cancelled: false },
  });
});

test("puts a model's words together, and cancels it while it speaks", limit, async (t) => {
  const { urls } = await startRealtime(t);
  const page = await openPage(t);
  const got = await page.evaluate(
    async ([urls, token]) => {
      const { chunks } = await import("/sockeye/index.js");
      const client = window.kit.makeClient(urls[0], { auth: { token } });
      const greeting = window.kit.take(client.on("connected"), 1);
      await client.connect();
      await greeting;
      const speech = (id) =>
        chunks(client, "model:chunk:v1", {
          match: ({ jobId }) => jobId === id,
          end: "model:complete:v1",
          cancel: ["task:cancel:v1", { taskId: id }],
        });
      const search = (jobId, query) => client.request("search:start:v1", { query, jobId });
      /** Everything that it says, to its end; `onChunk` hears how much it is. */
      const listen = (spoken, onChunk = () => undefined) => {
        const parts = [];
        return new Promise((resolve) => {
          spoken.subscribe({
            next: (part) => onChunk(parts.push(part)),
            complete: () => resolve(parts),
          });
        });
      };
      const long = speech("long");
      const cancelling = Promise.withResolvers();
      const heard = listen(long, (count) => count === 3 && cancelling.resolve(long.cancel()));
      await search("long", "everything");
      const cancelled = await cancelling.promise;
      const cut = await heard;
      const again = await client.request("task:cancel:v1", { taskId: "long" });
      // The worker does one after the other: it has ended the first.
      const short = listen(speech("short"));
      await search("short", "cod");
      return { cancelled, again, cut, whole: await short };
    },
    [urls, tokenOf("ada")],
  );
  assert.equal(got.cancelled, true);
  assert.deepEqual(got.again, { cancelled: false });
  const words = got.cut.map(({ kind, value }) => (kind === "chunk" ? value : kind));
  assert.ok(words.length >= 3 && words.length < 10_000, String(words.length));
  assert.deepEqual(
    words,
    words.map((_, index) => `word${index} `),
  );
  const { text } = got.whole.at(-1).value;
  assert.equal(text, "c0 o1 d2 ");
  assert.deepEqual(
    got.whole.map(({ kind, value }) => [kind, kind === "chunk" ? value : value.text]),
    [...["c0 ", "o1 ", "d2 "].map((word) => ["chunk", word]), ["end", text]],
  );
});

test("keeps a map of who is there, over both servers", limit, async (t) => {
  const { urls } = await startRealtime(t);
  const page = await openPage(t);
  const tokens = ["ada", "bob", "eve"].map((userId) => tokenOf(userId));
  const got = await page.evaluate(
    async ([urls, [ada, bob, eve]]) => {
      const { presence } = await import("/sockeye/index.js");
      const connected = async (url, token) => {
        const client = window.kit.makeClient(url, { auth: { token } });
        const greeting = window.kit.take(client.on("connected"), 1);
        await client.connect();
        await greeting;
        return client;
      };
      const first = await connected(urls[0], ada);
      const maps = [];
      const waiting = [];
      presence(first, {
        events: {
          "user:presence:v1": (user) =>
            user.status === "offline"
              ? { left: [user.userId] }
              : { joined: [[user.userId, user.status]] },
        },
      }).subscribe(({ value }) => {
        maps.push(JSON.stringify(Object.fromEntries(value ?? [])));
        waiting.splice(0).forEach((look) => look());
      });
      const until = async (map) => {
        while (maps.at(-1) !== JSON.stringify(map)) {
          await new Promise((look) => waiting.push(look));
        }
      };
      const second = await connected(urls[1], bob);
      await until({ bob: "online" });
      const third = await connected(urls[0], eve);
      await until({ bob: "online", eve: "online" });
      await second.destroy();
      await until({ eve: "online" });
      await third.destroy();
      await until({});
      return maps.at(-1);
    },
    [urls, tokens],
  );
  assert.equal(got, "{}");
});

test(
  "moves to the other server when its own is killed, and sends there what waits",
  limit,
  async (t) => {
    const { servers, urls } = await startRealtime(t);
    const page = await openPage(t);
    await page.evaluate(
      async ([urls, token]) => {
        let attempts = 0;
        const url = () => urls[attempts++ % 2];
        window.client = window.kit.makeClient(url, { auth: { token } });
        window.states = [];
        window.client.status.subscribe(({ state }) => window.states.push(state));
        await window.client.connect();
      },
      [urls, tokenOf("ada")],
    );
    await servers[0].kill();
    const got = await page.evaluate(async () => {
      const { client, kit, states } = window;
      await kit.until(client, ({ state }) => state !== "connected" || states.includes("waiting"));
      const results = kit.take(client.on("search:result:v1"), 3);
      const action = client.enqueue("search:start:v1", { query: "cod", jobId: "offline" });
      const answer = await action.result;
      return {
        answer,
        results: (await results).map(({ jobId, result }) => [jobId, result]),
        states,
      };
    });
    assert.deepEqual(got.answer, { jobId: "offline" });
    const expected = ["c0", "o1", "d2"].map((result) => ["offline", result]);
    assert.deepEqual(got.results, expected);
    assert.equal(got.states.at(-1), "connected");
    assert.ok(got.states.includes("waiting"), String(got.states));
  },
);

test(
  "is refused without a token, and comes back with a fresh one when it has expired",
  limit,
  async (t) => {
    const { urls } = await startRealtime(t);
    const page = await openPage(t);
    const { refused, reasons, status } = await page.evaluate(
      async ([url, tokens]) => {
        const { makeClient, outcome } = window.kit;
        const refused = await outcome(makeClient(url, { auth: { token: "forged" } }).connect());
        const reasons = [];
        const auth = ({ reason }) => {
          reasons.push(reason);
          return { token: tokens.shift() };
        };
        const client = makeClient(url, { auth });
        await client.connect();
        return { refused, reasons, status: client.status.value.state };
      },
      [urls[0], [tokenOf("ada", -10), tokenOf("ada")]],
    );
    assertFailure(refused, "connect_refused");
    assert.deepEqual(refused.data, { message: "unauthorized", data: { code: "unauthorized" } });
    assert.deepEqual(reasons, ["connect", "expired"]);
    assert.equal(status, "connected");
  },
);
