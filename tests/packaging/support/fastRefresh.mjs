/** What fast refresh is asked for: a component is edited while it is on the page, and keeps no listener of before. */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { waitFor } from "../../browser/support/wait.mjs";
import { shows } from "./visit.mjs";

/** An edit after which hooks are others, so that the component is mounted anew. */
const listen = {
  "useEvents,": "useEvent, useEvents,",
  "const client = useSockeye();":
    'const client = useSockeye(); useEvent("news", () => { window.heard += 1; });',
};
/** An edit after which hooks are the same, so that the component keeps its state. */
const giveClient = {
  "const status = useStatus();": "const status = useStatus(); Object.assign(window, { client });",
};
const withoutHooks = "export const Orders = () => <main><h1>Without hooks</h1></main>;\n";

/** Edits `src/Orders.tsx` in the consumer's folder, and puts back what was there. */
export async function checkFastRefresh({ page, desk, assert, directory }) {
  const file = path.join(directory, "src/Orders.tsx");
  const original = readFileSync(file, "utf8");
  const refresh = async (title, source) => {
    const heading = page.getByRole("heading", { name: title, exact: true });
    const saved = () => {
      writeFileSync(file, source);
      return heading.waitFor({ timeout: 5_000 }).then(
        () => true,
        () => false,
      );
    };
    // Vite's watcher leaves out a change that comes within 50 ms of another: then it is saved again.
    await waitFor(`the heading "${title}"`, saved, 30_000);
  };
  try {
    await refresh("Kept", edited(original, "Kept", giveClient));
    await shows(page, "answer", "42");
    await page.evaluate(countListeners);
    await refresh("Anew", edited(original, "Anew", listen));
    await hearsOnce({ page, desk, assert });
    const listeners = await openListeners(page);
    assert.ok(listeners > 0, "the component has listeners");
    for (const title of ["Again", "And again"]) {
      await refresh(title, edited(original, title, listen));
      await hearsOnce({ page, desk, assert });
      assert.equal(await openListeners(page), listeners, "listeners after a refresh");
    }
    await refresh("Without hooks", withoutHooks);
    assert.equal(await openListeners(page), 0, "listeners when the component has none");
    await refresh("Orders", original);
  } catch (failure) {
    writeFileSync(file, original); // The other modes build of it.
    throw failure;
  }
  await shows(page, "status", "connected");
  assert.equal(desk.counts.handshakes, 1, "handshakes");
}

function edited(source, title, replacements) {
  const all = Object.entries({ ...replacements, "<h1>Orders": `<h1>${title}` });
  return all.reduce((text, [before, after]) => {
    if (!text.includes(before)) throw new Error(`Orders.tsx has no longer: ${before}`);
    return text.replace(before, after);
  }, source);
}

let texts = 0;

/** One event, one call. What is shown comes a frame after the call, so a second one would have come as well. */
async function hearsOnce({ page, desk, assert }) {
  texts += 1;
  await page.evaluate(() => (window.heard = 0));
  desk.broadcast(`news ${texts}`);
  await shows(page, "news", `news ${texts}`);
  assert.equal(await page.evaluate(() => window.heard), 1, "calls for one event");
}

/** Runs in the page: from now on those who subscribe to anything of the client's are known. */
function countListeners() {
  window.subscriptions = [];
  let { prototype } = window.client.on("news").constructor;
  while (!Object.hasOwn(prototype, "subscribe")) prototype = Object.getPrototypeOf(prototype);
  const { subscribe } = prototype;
  prototype.subscribe = function (...args) {
    const subscription = subscribe.apply(this, args);
    window.subscriptions.push(subscription);
    return subscription;
  };
}

const openListeners = (page) =>
  page.evaluate(() => window.subscriptions.filter(({ closed }) => !closed).length);
