/** The outbox in places where browsers keep nothing, or nothing for long. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { useBrowser } from "../support/browser.mjs";
import { makeProfile, startChromium } from "../support/chromium.mjs";
import { mode } from "../support/modes.mjs";
import { startServer } from "../support/saving.mjs";
import { startSite } from "../support/site.mjs";

const browser = useBrowser();
let site;
// A sandboxed frame has an origin of its own, which is another one.
before(async () => (site = await startSite({ headers: { "access-control-allow-origin": "*" } })));
after(() => site?.stop());

/** Opens a frame that may run scripts, and has no origin; resolves with it when its script is loaded. */
async function openSandbox(t) {
  const page = await browser.open(t, site.url);
  await page.evaluate((url) => {
    const frame = document.createElement("iframe");
    frame.sandbox = "allow-scripts";
    frame.src = url;
    document.body.append(frame);
  }, site.url);
  await page.waitForFunction(() => frames.length === 1);
  const frame = page.frames().find((other) => other !== page.mainFrame());
  await frame.waitForFunction(() => window.kit !== undefined);
  return frame;
}

/** Enqueues one action, and connects when it is accepted; resolves with what was said until then, and its result. */
async function enqueueOne({ url, outbox }) {
  const client = window.kit.makeClient(url, { outbox });
  const told = [];
  client.errors.subscribe(({ code }) => told.push(code));
  const action = client.enqueue("save", 1);
  const accepted = await window.kit.outcome(action.accepted);
  const { durability } = client.outbox;
  if (accepted.code) return { durability, told: [...told], code: accepted.code };
  void client.connect();
  return { durability, told: [...told], result: await action.result };
}

test("says that actions are kept in memory in a frame that may store nothing", async (t) => {
  const server = await startServer(t);
  const frame = await openSandbox(t);
  const said = await frame.evaluate(enqueueOne, { url: server.url });
  // It may have no worker either, and goes on without.
  const told = mode === "page" ? ["not_durable"] : ["worker_failed", "not_durable"];
  assert.deepEqual(said, { durability: "memory", told, result: "saved 1" });
  assert.deepEqual(server.applied, [1]);
});

test("refuses actions in a frame that may store nothing if they have to last", async (t) => {
  const server = await startServer(t);
  const frame = await openSandbox(t);
  const outbox = { requireDurable: true };
  const said = await frame.evaluate(enqueueOne, { url: server.url, outbox });
  assert.equal(said.code, "not_durable");
  assert.equal(said.durability, "memory");
  assert.deepEqual(server.applied, []);
});

test("keeps actions over a reload in a private window", async (t) => {
  const server = await startServer(t);
  const profile = makeProfile();
  t.after(profile.remove);
  const chromium = await startChromium({ profile: profile.directory });
  t.after(() => chromium.kill());
  const page = await chromium.open(site.url, { isPrivate: true });
  const durability = await page.evaluate(async (url) => {
    const client = window.kit.makeClient(url);
    await client.enqueue("save", 1).accepted;
    return client.outbox.durability;
  }, server.url);
  assert.equal(durability, "strict");
  await page.navigate(site.url);
  await page.evaluate(async (url) => {
    const client = window.kit.makeClient(url);
    void client.connect();
    await window.kit.untilItems(client, 1);
    await window.kit.untilItems(client, 0);
  }, server.url);
  assert.deepEqual(server.applied, [1]);
  const onDisk = path.join(profile.directory, "Default/IndexedDB");
  assert.ok(!existsSync(onDisk), "it is no private window: its database is on the disk");
});
