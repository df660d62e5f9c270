/** Calls that are wrong: each throws or rejects with its own code, and harms nothing. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { useBrowser } from "../support/browser.mjs";
import { assertFailure } from "../support/failures.mjs";
import { accept, startScripted } from "../support/scripted.mjs";
import { startSite } from "../support/site.mjs";

const browser = useBrowser();
let site, server, page;
before(async () => {
  site = await startSite();
  server = await startScripted({ script: answerEverything });
});
after(async () => {
  await server.stop();
  await site.stop();
});

async function answerEverything(peer) {
  await accept(peer);
  for (;;) {
    const [, ackId] = /^42(\d+)\[/.exec(await peer.next()) ?? [];
    if (ackId) peer.send(`43${ackId}["answer"]`);
  }
}

/** A page with a connected `window.client`, checked to be so still at the end. */
async function openClient(t) {
  page = await browser.open(t, site.url);
  await page.evaluate((url) => {
    window.client = window.kit.makeClient(url);
    return window.client.connect();
  }, server.url);
}

async function assertUsable() {
  assert.equal(await page.evaluate(() => window.client.request("question")), "answer");
  assert.deepEqual(page.errors, []);
}

for (const url of ["http://", "ftp://example.com", "//[", "http://[::1", "mailto:a@b.c"]) {
  test(`throws invalid_url for ${url}`, async (t) => {
    page = await browser.open(t, site.url);
    const failure = await page.evaluate(
      (url) => window.kit.thrown(() => window.kit.createClient(url)),
      url,
    );
    assertFailure(failure, "invalid_url");
  });
}

const wrongOptions = [
  { connectTimeoutMs: 0 },
  { connectTimeoutMs: 2 ** 31 },
  { requestTimeoutMs: -1 },
  { requestTimeoutMs: Number.NaN },
  { reconnect: { minMs: 0 } },
  { reconnect: { capMs: Infinity } },
  { reconnect: { baseMs: 10, minMs: 10, capMs: 5 } },
];

test("rejects connect() with invalid_option for times that no timer can wait", async (t) => {
  page = await browser.open(t, site.url);
  for (const options of wrongOptions) {
    const failure = await page.evaluate(
      async ([url, options]) => {
        const client = window.kit.createClient(url, { ...options, autoConnect: false });
        const failure = await window.kit.outcome(client.connect());
        return { ...failure, status: window.kit.toPlain(client.status.value) };
      },
      [server.url, options],
    );
    const { status, ...told } = failure;
    assertFailure(told, "invalid_option");
    assert.equal(status.state, "disconnected");
  }
});

/** Arguments that cannot be sent, and what is said of them. */
const unsendable = {
  "a BigInt": [() => ({ big: 1n }), "not_serializable"],
  "a circular reference": [
    () => {
      const circle = {};
      circle.self = circle;
      return circle;
    },
    "not_serializable",
  ],
  "a toJSON that throws": [
    () => ({
      toJSON() {
        throw new Error("no");
      },
    }),
    "not_serializable",
  ],
  "eleven binary values": [() => Array(11).fill(new Uint8Array(4)), "too_many_attachments"],
};

for (const [what, [make, code]] of Object.entries(unsendable)) {
  test(`reports ${code} for ${what}, from emit and from request`, async (t) => {
    await openClient(t);
    const [emitted, requested] = await page.evaluate(async (source) => {
      const value = new Function(`return (${source})()`)();
      const { thrown, outcome } = window.kit;
      const { client } = window;
      return [
        thrown(() => client.emit("save", value)),
        await outcome(client.with({ timeoutMs: 500 }).request("save", value)),
      ];
    }, String(make));
    assertFailure(emitted, code);
    assertFailure(requested, code, 100);
    await assertUsable();
  });
}

const reserved = "connect connect_error disconnect disconnecting newListener removeListener";

test("reports reserved_event from every call that takes a name", async (t) => {
  await openClient(t);
  for (const name of reserved.split(" ")) {
    const failures = await page.evaluate(async (name) => {
      const { thrown, outcome } = window.kit;
      const { client } = window;
      return [
        thrown(() => client.emit(name)),
        thrown(() => client.on(name)),
        thrown(() => client.respond(name, () => 1)),
        thrown(() => client.with({ volatile: true }).emit(name)),
        await outcome(client.request(name)),
      ];
    }, name);
    for (const failure of failures) assertFailure(failure, "reserved_event", 100);
  }
  await assertUsable();
});

test("reports responder_exists for a second answer to an event", async (t) => {
  await openClient(t);
  const failure = await page.evaluate(() => {
    const first = window.client.respond("are-you-there", () => "yes");
    const failure = window.kit.thrown(() => window.client.respond("are-you-there", () => "no"));
    first.unsubscribe();
    window.client.respond("are-you-there", () => "again").unsubscribe();
    return failure;
  });
  assertFailure(failure, "responder_exists");
  await assertUsable();
});

test("reports auth_failed with what `auth` threw, and tries again", async (t) => {
  page = await browser.open(t, site.url);
  const [failure, attempts] = await page.evaluate(async (url) => {
    const { makeClient, outcome, until } = window.kit;
    let attempts = 0;
    const auth = () => {
      attempts += 1;
      if (attempts === 1) throw new Error("no token");
      return { token: "fresh" };
    };
    window.client = makeClient(url, { auth });
    const failure = await outcome(window.client.connect());
    await until(window.client, "connected");
    return [failure, attempts];
  }, server.url);
  assertFailure(failure, "auth_failed", 2_000);
  assert.equal(failure.cause, "Error: no token");
  assert.equal(attempts, 2);
  assert.deepEqual(server.peers.at(-1).frames, ['40{"token":"fresh"}']);
  await assertUsable();
});

test("reports auth_failed when `auth` never answers, and asks it again", async (t) => {
  page = await browser.open(t, site.url);
  const failure = await page.evaluate(async (url) => {
    const { makeClient, outcome, until } = window.kit;
    const answers = [new Promise(() => {}), { token: "late" }];
    // Fetching the files takes its time, too.
    await makeClient(url).connect();
    window.client = makeClient(url, { auth: () => answers.shift(), connectTimeoutMs: 2_000 });
    const failure = await outcome(window.client.connect());
    await until(window.client, "connected");
    return failure;
  }, server.url);
  assertFailure(failure, "auth_failed", 4_000);
  await assertUsable();
});

test("reports a listener that throws, and calls the others all the same", async (t) => {
  page = await browser.open(t, site.url);
  const { heard, reported } = await page.evaluate(async (url) => {
    const { makeClient, take, describe } = window.kit;
    window.client = makeClient(url);
    const { client } = window;
    const reported = take(client.errors, 1);
    const heard = [];
    const throwOnce = ({ state }) => {
      if (state === "connected") throw new Error("broken listener");
    };
    client.status.subscribe(throwOnce);
    client.status.subscribe(({ state }) => heard.push(state));
    await client.connect();
    return { heard, reported: describe((await reported)[0]) };
  }, server.url);
  assert.deepEqual(heard, ["idle", "connecting", "connected"]);
  assertFailure(reported, "listener_error");
  assert.equal(reported.cause, "Error: broken listener");
  assert.deepEqual(page.errors, ["Error: broken listener"], "it shows as an uncaught error");
});
