/** How and when the core gets into the page. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { useBrowser } from "../support/browser.mjs";
import { assertFailure } from "../support/failures.mjs";
import { startScripted } from "../support/scripted.mjs";
import { startSite } from "../support/site.mjs";

const browser = useBrowser();
const core = "/sockeye/core.js";
let server;
before(async () => (server = await startScripted()));
after(() => server.stop());

async function siteOf(t, options) {
  const site = await startSite(options);
  t.after(site.stop);
  return site;
}

const connect = (page) =>
  page.evaluate((url) => {
    window.client ??= window.kit.makeClient(url);
    return window.kit.outcome(window.client.connect());
  }, server.url);

test("fetches the core only when a client first connects, and once", async (t) => {
  const site = await siteOf(t);
  const page = await browser.open(t, site.url);
  const before = await page.evaluate((url) => {
    window.client = window.kit.makeClient(url);
    window.client.on("news").subscribe(() => {});
    window.client.namespace("/other");
    return window.kit.toPlain(window.client.status.value);
  }, server.url);
  assert.deepEqual(before, { state: "idle" });
  assert.equal(site.requests.includes(core), false);

  assert.equal((await connect(page)).code, undefined);
  await page.evaluate((url) => window.kit.makeClient(url).connect(), server.url);
  assert.equal(site.requests.filter((path) => path === core).length, 1);
});

test("connects by itself in a page, unless the application does something else first", async (t) => {
  const page = await browser.open(t, (await siteOf(t)).url);
  const states = await page.evaluate(async (url) => {
    const { createClient, until } = window.kit;
    const byItself = createClient(url);
    const atOnce = byItself.status.value.state;
    await until(byItself, "connected");
    const told = createClient(url, { autoConnect: false });
    const destroyed = createClient(url);
    await destroyed.destroy();
    await new Promise((resolve) => requestAnimationFrame(resolve));
    return [atOnce, told.status.value.state, destroyed.status.value.state];
  }, server.url);
  assert.deepEqual(states, ["idle", "idle", "closed"]);
});

test("needs no further file from the inline entry", async (t) => {
  const site = await siteOf(t);
  const page = await browser.open(t, site.url);
  await page.evaluate(() => import("/sockeye/inline.js"));
  assert.ok(site.requests.includes("/sockeye/inline.js"));
  const { length } = site.requests;
  const state = await page.evaluate(async (url) => {
    const { createClient } = await import("/sockeye/inline.js");
    const client = createClient(url);
    await window.kit.until(client, "connected");
    return client.status.value.state;
  }, server.url);
  assert.equal(state, "connected");
  assert.deepEqual(site.requests.slice(length), []);
});

test("works in a worker, where it also connects by itself", async (t) => {
  const site = await siteOf(t);
  const page = await browser.open(t, site.url);
  const states = await page.evaluate(
    (url) =>
      new Promise((resolve, reject) => {
        const worker = new Worker("/worker.js", { type: "module" });
        worker.onerror = reject;
        worker.onmessage = ({ data }) => resolve(data);
        worker.postMessage(url);
      }),
    server.url,
  );
  assert.deepEqual(states, ["idle", "connecting", "connected"]);
});

test("works under a policy with wasm-unsafe-eval", async (t) => {
  const policy = "script-src 'self' 'wasm-unsafe-eval'";
  const site = await siteOf(t, { headers: { "content-security-policy": policy } });
  const page = await browser.open(t, site.url);
  assert.equal((await connect(page)).code, undefined);
  assert.deepEqual(page.errors, []);
});

test("reports wasm_unavailable under a policy that forbids WebAssembly", async (t) => {
  const site = await siteOf(t, { headers: { "content-security-policy": "script-src 'self'" } });
  const page = await browser.open(t, site.url);
  const failure = await connect(page);
  assertFailure(failure, "wasm_unavailable", 2_000);
  assert.match(failure.hint, /wasm-unsafe-eval/);
  assert.match(failure.cause, /CompileError/);
  const status = await page.evaluate(() => window.kit.toPlain(window.client.status.value));
  assert.equal(status.state, "disconnected");
  assert.equal(status.cause.code, "wasm_unavailable");
});

test("reports load_failed when the core is missing, and loads it again by itself", async (t) => {
  const site = await siteOf(t);
  site.missing.add(core);
  const page = await browser.open(t, site.url);
  const failure = await connect(page);
  assertFailure(failure, "load_failed", 2_000);
  assert.match(failure.hint, /inline/);
  const state = () => page.evaluate(() => window.client.status.value.state);
  assert.match(await state(), /waiting|connecting/);
  site.missing.delete(core);
  await page.evaluate(() => window.kit.until(window.client, "connected"));
  assert.equal(await state(), "connected");
});

test("reports load_failed in time when the core does not come", async (t) => {
  const page = await browser.open(t, (await siteOf(t)).url);
  await page.route(`**${core}`, () => {});
  const failure = await page.evaluate((url) => {
    window.client = window.kit.makeClient(url, { connectTimeoutMs: 300 });
    return window.kit.outcome(window.client.connect());
  }, server.url);
  assertFailure(failure, "load_failed", 1_000);
});

test("has a request wait no longer than it may for a core that cannot be loaded", async (t) => {
  const site = await siteOf(t);
  site.missing.add(core);
  const page = await browser.open(t, site.url);
  const failure = await page.evaluate((url) => {
    window.client = window.kit.makeClient(url);
    const patient = window.client.with({ timeoutMs: 500 });
    return window.kit.outcome(patient.request("question"));
  }, server.url);
  assertFailure(failure, "ack_timeout", 2_000);
});

test("sends what was emitted while the core was being loaded, in order", async (t) => {
  const page = await browser.open(t, (await siteOf(t)).url);
  await page.evaluate((url) => {
    const client = window.kit.makeClient(url);
    void client.connect();
    for (const number of [1, 2, 3]) client.emit("early", number);
    return window.kit.until(client, "connected");
  }, server.url);
  const { frames } = server.peers.at(-1);
  const early = frames.filter((frame) => frame.startsWith('42["early"'));
  assert.deepEqual(early, ['42["early",1]', '42["early",2]', '42["early",3]']);
});
