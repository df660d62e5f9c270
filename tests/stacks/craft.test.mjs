/** The back end "craft": NestJS, watched by the official Admin UI. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertFailure } from "../browser/support/failures.mjs";
import { ask, startNest, usePage } from "./stack.mjs";

const limit = { timeout: 30_000 };
const openPage = usePage();
const options = { transports: ["websocket"], withCredentials: true };

/** A page with a connected `window.client`. */
async function connectedPage(t, url) {
  const page = await openPage(t);
  await page.evaluate(
    async ([url, options]) => {
      window.client = window.kit.makeClient(url, options);
      await window.client.connect();
    },
    [url, options],
  );
  return page;
}

const push = (url, event, values, clientId) =>
  ask("POST", `${url}/api/push`, { event, values, clientId });

test("tells all what is for all, in order, and one what is for one", limit, async (t) => {
  const url = await startNest(t, "craft");
  const [page, other] = [await connectedPage(t, url), await connectedPage(t, url)];
  const listen = () => {
    const { client } = window;
    window.quotes = window.kit.take(client.on("finance:quote"), 500);
    window.notes = [];
    client.on("notification").subscribe(({ title }) => window.notes.push(title));
    return client.id;
  };
  const id = await page.evaluate(listen);
  await other.evaluate(listen);
  const values = Array.from({ length: 500 }, (_, volume) => ({ symbol: "SOCK", volume }));
  await push(url, "notification", [{ title: "for one" }], id);
  assert.deepEqual(await push(url, "finance:quote", values), { clients: 2 });
  for (const [heard, notes] of [
    [page, ["for one"]],
    [other, []],
  ]) {
    const got = await heard.evaluate(async () => ({
      volumes: (await window.quotes).map(({ volume }) => volume),
      notes: window.notes,
    }));
    assert.deepEqual(got, { volumes: values.map(({ volume }) => volume), notes });
  }
});

test(
  "has the latest state of a resource, also of what changed while it was away",
  limit,
  async (t) => {
    const url = await startNest(t, "craft");
    const resource = `${url}/api/resource/tank`;
    await ask("PATCH", resource, { level: 1, name: "first" });
    const page = await connectedPage(t, url);
    await page.evaluate(async (resource) => {
      const { live } = await import("/sockeye/index.js");
      const fetched = async (signal) => (await fetch(resource, { signal })).json();
      const merge = (state, changes) => ({ ...state, ...changes });
      window.liveStates = [];
      live(window.client, fetched, "resource:tank", merge).subscribe((told) => {
        window.liveStates.push(told);
      });
    }, resource);
    const stateIs = (expected) =>
      page.waitForFunction((json) => {
        const { state, value } = window.liveStates.at(-1);
        return state === "live" && JSON.stringify(value) === json;
      }, JSON.stringify(expected));
    await stateIs({ level: 1, name: "first" });
    await ask("PATCH", resource, { level: 2 });
    await ask("PATCH", resource, { level: 3 });
    await stateIs({ level: 3, name: "first" });
    await page.evaluate(() => {
      window.back = window.kit.until(window.client, "waiting");
    });
    await ask("POST", `${url}/api/cut`, {});
    await page.evaluate(() => window.back);
    await ask("PATCH", resource, { name: "second" });
    await stateIs({ level: 3, name: "second" });
    const between = await page.evaluate(() => window.liveStates.map(({ state }) => state));
    assert.ok(between.includes("stale"), String(between));
  },
);

test("hands a burst on in batches, and the newest of it, without losing any", limit, async (t) => {
  const url = await startNest(t, "craft");
  const page = await connectedPage(t, url);
  await page.evaluate(async () => {
    const { buffer, latest } = await import("/sockeye/index.js");
    const quotes = window.client.on("finance:quote");
    window.batches = [];
    window.newest = [];
    buffer(quotes).subscribe((batch) => window.batches.push(batch.map(({ volume }) => volume)));
    latest(quotes).subscribe(({ volume }) => window.newest.push(volume));
  });
  const volumes = Array.from({ length: 500 }, (_, volume) => volume);
  await push(
    url,
    "finance:quote",
    volumes.map((volume) => ({ symbol: "SOCK", volume })),
  );
  await page.waitForFunction(() => window.batches.flat().length >= 500);
  await page.waitForFunction(() => window.newest.at(-1) === 499);
  const got = await page.evaluate(() => ({ batches: window.batches, newest: window.newest }));
  assert.deepEqual(got.batches.flat(), volumes);
  assert.ok(got.batches.length < 500, "they came together");
  assert.ok(got.newest.length < 500, "only the newest came");
  assert.deepEqual(
    got.newest,
    [...got.newest].sort((a, b) => a - b),
  );
});

test("lets in as the Admin UI who knows the password, and nobody else", limit, async (t) => {
  const url = await startNest(t, "craft");
  const page = await connectedPage(t, url);
  const got = await page.evaluate(
    async ([url, options]) => {
      const { client, kit } = window;
      const adminWith = (password) =>
        kit.makeClient(`${url}/admin`, { ...options, auth: { username: "admin", password } });
      const refused = await kit.outcome(adminWith("wrong").connect());
      const admin = adminWith("the password of the tests");
      const sockets = kit.take(admin.on("all_sockets"), 1);
      await admin.connect();
      const [all] = await sockets;
      return { refused, isSeen: all.some(({ id, nsp }) => nsp === "/" && id === client.id) };
    },
    [url, options],
  );
  assertFailure(got.refused, "connect_refused");
  assert.equal(got.refused.data.message, "invalid credentials");
  assert.ok(got.isSeen, "it sees the page's own client");
});
