/** The entry whose `.wasm` is a file of its own, in a page. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { useBrowser } from "../support/browser.mjs";
import { assertFailure } from "../support/failures.mjs";
import { startScripted } from "../support/scripted.mjs";
import { startSite } from "../support/site.mjs";

const browser = useBrowser();
const wasm = "/sockeye/sockeye.wasm";
let server;
before(async () => (server = await startScripted()));
after(() => server.stop());

/** A page that counts what is compiled while it comes, and keeps what the console warns of. */
async function openPage(t, options) {
  const site = await startSite(options);
  t.after(site.stop);
  const page = await browser.open(t, site.url, () => {
    globalThis.streamed = 0;
    const { compileStreaming } = WebAssembly;
    WebAssembly.compileStreaming = (source) => {
      globalThis.streamed += 1;
      return compileStreaming(source);
    };
  });
  const warnings = [];
  page.on("console", (message) => {
    if (message.type() === "warning") warnings.push(message.text());
  });
  return { page, site, warnings };
}

const connect = (page, given = wasm) =>
  page.evaluate(
    async ([url, wasm]) => {
      const { createClient } = await import("/sockeye/url.js");
      const reconnect = { minMs: 10, baseMs: 20, capMs: 50 };
      window.client ??= createClient(url, { wasm, autoConnect: false, reconnect });
      return window.kit.outcome(window.client.connect());
    },
    [server.url, given],
  );

const answerWith = (page, answer) => page.route(`**${wasm}`, (route) => route.fulfill(answer));

test("fetches the .wasm when a client first connects, once, and not the one in the scripts", async (t) => {
  const { page, site, warnings } = await openPage(t);
  await page.evaluate(async (url) => {
    const { createClient } = await import("/sockeye/url.js");
    window.client = createClient(url, { wasm: "/sockeye/sockeye.wasm", autoConnect: false });
  }, server.url);
  assert.equal(site.requests.includes(wasm), false);
  assert.equal((await connect(page)).code, undefined);
  const answer = await page.evaluate(async (url) => {
    const { createClient } = await import("/sockeye/url.js");
    const other = createClient(url, { wasm: "/not/there.wasm", autoConnect: false });
    return window.kit.outcome(other.connect());
  }, server.url);
  assert.equal(answer.code, undefined);
  assert.equal(site.requests.filter((path) => path === wasm).length, 1);
  assert.equal(site.requests.includes("/sockeye/payload.js"), false);
  assert.equal(site.requests.includes("/not/there.wasm"), false);
  assert.equal(await page.evaluate(() => window.streamed), 1);
  assert.deepEqual([page.errors, warnings], [[], []]);
});

test("fetches it beside the scripts, not after them", async (t) => {
  const { page } = await openPage(t);
  const asked = page.waitForRequest(`**${wasm}`);
  await page.route("**/sockeye/{core,facade}.js", async (route) => {
    await asked;
    await route.continue();
  });
  assert.equal((await connect(page)).code, undefined);
});

test("takes what the page has preloaded", async (t) => {
  const { page, site } = await openPage(t);
  await page.evaluate(
    (href) =>
      new Promise((resolve, reject) => {
        const link = document.createElement("link");
        Object.assign(link, { rel: "preload", as: "fetch", crossOrigin: "anonymous", href });
        Object.assign(link, { onload: resolve, onerror: reject });
        document.head.append(link);
      }),
    wasm,
  );
  assert.equal((await connect(page)).code, undefined);
  assert.equal(site.requests.filter((path) => path === wasm).length, 1);
});

test("connects with one warning where the server does not say that it is wasm", async (t) => {
  const { page, site, warnings } = await openPage(t);
  const response = await fetch(new URL(wasm, site.url));
  const body = Buffer.from(await response.arrayBuffer());
  await answerWith(page, { contentType: "text/plain", body });
  assert.equal((await connect(page)).code, undefined);
  assert.equal(await page.evaluate(() => window.streamed), 0);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0], /sockeye\.wasm came as text\/plain; as application\/wasm/);
});

test("says that a page came in its place, and connects by itself when the file is there", async (t) => {
  const { page } = await openPage(t);
  await answerWith(page, { contentType: "text/html", body: "<!doctype html>" });
  const failure = await connect(page);
  assertFailure(failure, "load_failed", 2_000);
  assert.match(failure.message, /sockeye\.wasm is an HTML page/);
  assert.match(failure.hint, /not with a page/);
  await page.unroute(`**${wasm}`);
  await page.evaluate(() => window.kit.until(window.client, "connected"));
});

test("gives up a .wasm that does not come, and asks anew", async (t) => {
  const { page } = await openPage(t);
  const stuck = "/stuck/sockeye.wasm";
  let requests = 0;
  await page.route(`**${stuck}`, (route) => {
    requests += 1;
    if (requests > 1) return route.continue({ url: new URL(wasm, page.url()).href });
  });
  const givenUp = page.waitForEvent("requestfailed", (request) => request.url().endsWith(stuck));
  await page.evaluate(
    async ([url, wasm]) => {
      const { createClient } = await import("/sockeye/url.js");
      const reconnect = { minMs: 10, baseMs: 20, capMs: 50 };
      const options = { wasm, connectTimeoutMs: 1_000, autoConnect: false, reconnect };
      window.stuck = createClient(url, options);
      window.failure = window.kit.outcome(window.stuck.connect());
    },
    [server.url, stuck],
  );
  const failure = await page.evaluate(() => window.failure);
  assertFailure(failure, "load_failed", 3_000);
  await givenUp;
  await page.evaluate(() => window.kit.until(window.stuck, "connected"));
  assert.ok(requests > 1);
});

test("says that it is missing, or something else", async (t) => {
  const { page } = await openPage(t);
  const failure = await connect(page, "/not/there.wasm");
  assertFailure(failure, "load_failed", 2_000);
  assert.match(failure.message, /there\.wasm has the status 404/);
  const other = await openPage(t);
  await answerWith(other.page, { contentType: "application/wasm", body: "<!doctype html>" });
  const second = await connect(other.page);
  assertFailure(second, "load_failed", 2_000);
  assert.match(second.message, /is something else/);
  assert.match(second.cause, /CompileError/);
});

test("needs wasm-unsafe-eval, and the file's address in connect-src", async (t) => {
  const policy = (text) => ({ headers: { "content-security-policy": text } });
  const scripts = "script-src 'self' 'wasm-unsafe-eval'";
  const { host } = new URL(server.url);
  const allowed = `${scripts}; connect-src 'self' http://${host} ws://${host}`;
  const { page } = await openPage(t, policy(allowed));
  assert.equal((await connect(page)).code, undefined);

  const { page: blocked } = await openPage(t, policy("script-src 'self'"));
  const failure = await connect(blocked);
  assertFailure(failure, "wasm_unavailable", 2_000);
  assert.match(failure.hint, /wasm-unsafe-eval/);

  const away = `${scripts}; connect-src http://${host} ws://${host}`;
  const { page: unconnected } = await openPage(t, policy(away));
  const second = await connect(unconnected);
  assertFailure(second, "load_failed", 2_000);
  assert.match(second.hint, /connect-src/);
});

test("takes a module that the page has compiled for its workers", async (t) => {
  const { page, site } = await openPage(t);
  const states = await page.evaluate(async (url) => {
    const module = await WebAssembly.compileStreaming(fetch("/sockeye/sockeye.wasm"));
    const { createClient } = await import("/sockeye/url.js");
    const client = createClient(url, { wasm: module });
    await window.kit.until(client, "connected");
    return new Promise((resolve, reject) => {
      const worker = new Worker("/urlWorker.js", { type: "module" });
      worker.onerror = reject;
      worker.onmessage = ({ data }) => resolve(data);
      worker.postMessage([url, module]);
    });
  }, server.url);
  assert.deepEqual(states, ["idle", "connecting", "connected"]);
  assert.equal(site.requests.filter((path) => path === wasm).length, 1);
});
