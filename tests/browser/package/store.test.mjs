/** The outbox in the browser's database: what survives what. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { useBrowser } from "../support/browser.mjs";
import { startServer } from "../support/saving.mjs";
import { startSite } from "../support/site.mjs";

const browser = useBrowser();
let site;
before(async () => (site = await startSite()));
after(() => site?.stop());

test("keeps actions over a reload, and hands out their handles again", async (t) => {
  const server = await startServer(t);
  const page = await browser.open(t, site.url);
  const before = await page.evaluate(async (url) => {
    const client = window.kit.makeClient(url);
    const actions = [1, 2, 3].map((value) => client.enqueue("save", value));
    await Promise.all(actions.map(({ accepted }) => accepted));
    const { durability } = client.outbox;
    return { durability, ids: actions.map(({ id }) => id) };
  }, server.url);
  assert.equal(before.durability, "strict");
  assert.deepEqual(server.applied, []);

  await page.reload();
  const after = await page.evaluate(
    async ({ url, ids }) => {
      const client = window.kit.makeClient(url);
      const connecting = client.connect();
      const items = new Promise((resolve) => {
        client.outbox.items.subscribe((items) => items.length === 3 && resolve(items));
      });
      const restored = (await items).map(({ id }) => id);
      const results = ids.map((id) => client.outbox.get(id).result);
      await connecting;
      return { restored, results: await Promise.all(results), left: client.outbox.items.value };
    },
    { url: server.url, ids: before.ids },
  );
  assert.deepEqual(after.restored, before.ids);
  assert.deepEqual(after.results, ["saved 1", "saved 2", "saved 3"]);
  assert.deepEqual(after.left, []);
  assert.deepEqual(server.applied, [1, 2, 3]);
  assert.deepEqual(page.errors, []);
});
