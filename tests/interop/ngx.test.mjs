/** ngx-socket-io, which imports `socket.io-client` by name, with the package in its place. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { useBrowser } from "../browser/support/browser.mjs";
import { listen } from "../browser/support/listen.mjs";
import { waitFor } from "../browser/support/wait.mjs";
import { startPrimes } from "./primes-server.mjs";

const limit = { timeout: 20_000 };
const browser = useBrowser();
const entry = fileURLToPath(new URL("ngx.page.js", import.meta.url));
const headers = { "content-type": "text/html; charset=utf-8" };

/** The alias is all that is changed. */
const aliases = {
  "socket.io-client": {},
  "sockeye-client/compat": { "socket.io-client": "sockeye-client/compat" },
};

async function startSite(alias) {
  const options = { bundle: true, format: "iife", write: false, logLevel: "warning" };
  const { outputFiles } = await build({ ...options, entryPoints: [entry], alias });
  const script = outputFiles[0].text.replaceAll("</script", "<\\/script");
  const page = `<!doctype html><link rel="icon" href="data:," /><script>${script}</script>`;
  return listen((_, response) => response.writeHead(200, headers).end(page));
}

for (const [name, alias] of Object.entries(aliases)) {
  describe(`ngx-socket-io on ${name}`, () => {
    let site;
    before(async () => (site = await startSite(alias)));
    after(() => site.stop());

    const open = async (t) => {
      const server = await startPrimes();
      t.after(() => server.stop());
      server.io.on("connection", (socket) => {
        socket.on("double", (number, answer) => answer(number * 2));
        socket.on("bounce", (value) => socket.emit("bounced", value));
      });
      server.io.of("/admin").on("connection", (socket) => {
        socket.on("where", (answer) => answer("/admin"));
      });
      const page = await browser.open(t, site.url);
      await page.evaluate((url) => window.start(url), server.url);
      return { server, page };
    };

    test("gives events as observables, and leaves them", limit, async (t) => {
      const { server, page } = await open(t);
      await page.evaluate(() => window.collect("bounced"));
      await page.evaluate(async () => {
        window.socket.emit("bounce", { a: 1 });
        return window.socket.emitWithAck("double", 0);
      });
      assert.deepEqual(await page.evaluate(() => window.heard), [{ a: 1 }]);
      await page.evaluate(() => window.leave());
      assert.equal(await page.evaluate(() => window.socket.hasListeners("bounced")), false);
      assert.equal(server.io.engine.clientsCount, 1);
      assert.deepEqual(page.errors, []);
    });

    test("gives one event as a promise, and answers", limit, async (t) => {
      const { page } = await open(t);
      const got = await page.evaluate(async () => {
        const bounced = window.socket.fromOneTimeEvent("bounced");
        window.socket.emit("bounce", "once");
        return [await bounced, await window.socket.emitWithAck("double", 21)];
      });
      assert.deepEqual(got, ["once", 42]);
    });

    test("disconnects and connects, and knows its state", limit, async (t) => {
      const { server, page } = await open(t);
      const states = await page.evaluate(async () => {
        const { socket } = window;
        const next = (event) => new Promise((resolve) => socket.once(event, resolve));
        if (!socket.connected) await next("connect");
        const states = [[socket.connected, typeof socket.id]];
        const left = next("disconnect");
        socket.disconnect();
        states.push([await left, socket.connected, socket.id]);
        socket.connect();
        await next("connect");
        return [...states, [socket.connected, socket.active, socket.io.engine.readyState]];
      });
      assert.deepEqual(states, [
        [true, "string"],
        ["io client disconnect", false, undefined],
        [true, true, "open"],
      ]);
      await waitFor("one connection", () => server.io.engine.clientsCount === 1);
    });

    test("has namespaces", limit, async (t) => {
      const { page } = await open(t);
      assert.equal(
        await page.evaluate(() => window.socket.of("admin").emitWithAck("where")),
        "/admin",
      );
    });

    test("is back after the server was away", limit, async (t) => {
      const { server, page } = await open(t);
      await page.evaluate(() => window.collect("bounced"));
      await page.evaluate(() => window.socket.emitWithAck("double", 1));
      const { id } = await page.evaluate(() => ({ id: window.socket.id }));
      [...server.io.of("/").sockets.values()][0].conn.close();
      await waitFor("another id", async () => {
        const now = await page.evaluate(() => window.socket.id);
        return now !== undefined && now !== id;
      });
      await page.evaluate(async () => {
        window.socket.emit("bounce", "again");
        return window.socket.emitWithAck("double", 1);
      });
      assert.deepEqual(await page.evaluate(() => window.heard), ["again"]);
    });
  });
}
