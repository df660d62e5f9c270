/** How the core gets into pages and workers. */
import assert from "node:assert/strict";
import { startScripted } from "../../support/scripted.mjs";
import { startSite } from "../../support/site.mjs";

const core = "/sockeye/core.js";

async function ownSite(t, options) {
  const site = await startSite(options);
  t.after(site.stop);
  return site;
}

async function scripted(t) {
  const server = await startScripted();
  t.after(server.stop);
  return server;
}

const connect = (page, url) =>
  page.evaluate((url) => {
    window.client = window.kit.makeClient(url);
    return window.kit.outcome(window.client.connect());
  }, url);

export const loadingChecks = {
  "fetches the core only when a client first connects": async ({ t, open }) => {
    const site = await ownSite(t);
    const page = await open(site.url);
    assert.equal(site.requests.includes(core), false);
    assert.equal((await connect(page, (await scripted(t)).url)).code, undefined);
    assert.equal(site.requests.filter((path) => path === core).length, 1);
  },

  "needs no further file from the inline entry": async ({ t, open }) => {
    const site = await ownSite(t);
    const page = await open(site.url);
    await page.evaluate(() => import("/sockeye/inline.js").then(() => {}));
    const { length } = site.requests;
    const state = await page.evaluate(
      async (url) => {
        const { createClient } = await import("/sockeye/inline.js");
        const client = createClient(url);
        await window.kit.until(client, "connected");
        return client.status.value.state;
      },
      (await scripted(t)).url,
    );
    assert.equal(state, "connected");
    assert.deepEqual(site.requests.slice(length), []);
  },

  "works in a worker": async ({ t, open }) => {
    const page = await open();
    const states = await page.evaluate(
      (url) =>
        new Promise((resolve, reject) => {
          const worker = new Worker("/worker.js", { type: "module" });
          worker.onerror = reject;
          worker.onmessage = ({ data }) => resolve(data);
          worker.postMessage(url);
        }),
      (await scripted(t)).url,
    );
    assert.deepEqual(states, ["idle", "connecting", "connected"]);
  },

  "works in a shared worker with the inline entry": async ({ t, open }) => {
    const page = await open();
    const states = await page.evaluate(
      (url) =>
        new Promise((resolve, reject) => {
          const worker = new SharedWorker("/sharedWorker.js", { type: "module" });
          worker.onerror = reject;
          worker.port.onmessage = ({ data }) => resolve(data);
          worker.port.postMessage(url);
        }),
      (await scripted(t)).url,
    );
    assert.deepEqual(states, ["idle", "connecting", "connected"]);
  },

  "works under a policy with wasm-unsafe-eval": async ({ t, open }) => {
    const policy = "script-src 'self' 'wasm-unsafe-eval'";
    const site = await ownSite(t, { headers: { "content-security-policy": policy } });
    const page = await open(site.url);
    assert.equal((await connect(page, (await scripted(t)).url)).code, undefined);
  },

  "reports wasm_unavailable under a policy that forbids WebAssembly": async ({ t, open }) => {
    const headers = { "content-security-policy": "script-src 'self'" };
    const page = await open((await ownSite(t, { headers })).url);
    const failure = await connect(page, (await scripted(t)).url);
    assert.equal(failure.code, "wasm_unavailable", JSON.stringify(failure));
  },

  "reports wasm_unavailable where there is no WebAssembly": async ({ t, open }) => {
    const page = await open();
    await page.evaluate(() => delete globalThis.WebAssembly);
    const failure = await connect(page, (await scripted(t)).url);
    assert.equal(failure.code, "wasm_unavailable", JSON.stringify(failure));
    assert.match(failure.hint, /wasm-unsafe-eval/);
  },

  "takes the .wasm of the url entry, and says what came in its place": async ({ t, open }) => {
    const site = await ownSite(t);
    const page = await open(site.url);
    const outcomes = await page.evaluate(
      async (url) => {
        const { createClient } = await import("/sockeye/url.js");
        const connect = (wasm) =>
          window.kit.outcome(createClient(url, { wasm, autoConnect: false }).connect());
        const places = ["/not/there.wasm", "/kit.js", "/sockeye/sockeye.wasm"];
        const told = [];
        for (const place of places) told.push(await connect(place));
        return told;
      },
      (await scripted(t)).url,
    );
    assert.deepEqual(
      outcomes.map(({ code }) => code),
      ["load_failed", "load_failed", undefined],
    );
    assert.match(outcomes[0].message, /there\.wasm has the status 404/);
    assert.match(outcomes[1].message, /kit\.js is something else/);
    assert.equal(site.requests.includes("/sockeye/payload.js"), false);
  },

  "reports load_failed when the core is missing, and recovers": async ({ t, open }) => {
    const site = await ownSite(t);
    const page = await open(site.url);
    const { url } = await scripted(t);
    site.missing.add(core);
    assert.equal((await connect(page, url)).code, "load_failed");
    site.missing.delete(core);
    assert.equal((await connect(page, url)).code, undefined);
  },
};
