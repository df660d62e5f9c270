/** Opens a consumer's page in Chromium and uses it: the contract is in `../README.md`. */
import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { waitFor } from "../../browser/support/wait.mjs";
import { listenersOf } from "./pageListeners.mjs";
import { watchResponses } from "./shipped.mjs";

/** What a page is asked for its favicon with. */
const favicon = /favicon\.ico/;

/** The address of the page, with the server and what the mode wants in its query. */
function addressOf({ url }, desk, { query }) {
  const parameters = new URLSearchParams({ ...query, ...(desk && { server: desk.url }) });
  return `${url}/?${parameters}`;
}

/** Opens the page without a server: then nothing may connect. Resolves with the page's own listeners. */
export async function visitIdle(browser, site, how) {
  const page = await openPage(browser, site, undefined, how);
  try {
    await page.waitForLoadState("networkidle");
    assert.deepEqual(page.complaints, [], "what the console says without a server");
    return await listenersOf(page);
  } finally {
    await page.finish();
  }
}

/** Uses the page as its user does; resolves when it was left and nothing is left over. */
export async function visit(browser, site, desk, how, idleListeners) {
  const page = await openPage(browser, site, desk, how);
  try {
    await useDesk(page, desk);
    await how.check?.({ page, desk, assert, directory: site.directory });
    if (!how.noListeners) assert.notDeepEqual(await listenersOf(page), idleListeners);
    await leave(page, desk, idleListeners);
    if (!how.noListeners) await waitFor("its worker to end", () => page.workers().length === 0);
    assert.deepEqual(page.complaints, [], "what the console says");
  } catch (failure) {
    throw await explained(failure, page);
  } finally {
    await page.finish();
  }
  await desk.served();
}

/** Opens the page and leaves all else to `checkOnly`, which may expect complaints. */
export async function visitOnly(browser, site, desk, how) {
  const page = await openPage(browser, site, desk, how);
  try {
    await how.checkOnly({ page, desk, assert, directory: site.directory });
  } catch (failure) {
    throw await explained(failure, page);
  } finally {
    await page.finish();
  }
}

/** Connects, gets an event, asks, orders. */
async function useDesk(page, desk) {
  await shows(page, "status", "connected", 30_000);
  await waitFor("the page's listener", () => desk.io.engine.clientsCount === 1);
  desk.broadcast("salmon has come in");
  await shows(page, "news", "salmon has come in");
  await page.getByTestId("double").click();
  await shows(page, "answer", "42");
  await page.getByTestId("order").click();
  await shows(page, "order-state", "applied");
  assert.deepEqual(desk.counts.orders, ["salmon"]);
}

async function leave(page, desk, idleListeners) {
  await page.getByTestId("leave").click();
  await desk.left();
  let after;
  const listenersAreGone = async () => {
    after = await listenersOf(page);
    return isDeepStrictEqual(after, idleListeners);
  };
  await waitFor("the page's listeners to go", listenersAreGone).catch((failure) => {
    assert.deepEqual(after, idleListeners, "the page's listeners");
    throw failure;
  });
}

/** Resolves when the element of this id shows just this text. */
export async function shows(page, id, text, timeout = 10_000) {
  const element = page.getByTestId(id).and(page.getByText(text, { exact: true }));
  await element.waitFor({ timeout });
}

async function openPage(browser, site, desk, how) {
  const context = await browser.newContext();
  const page = await context.newPage();
  for (const script of [how.init ?? []].flat()) await page.addInitScript(script);
  page.complaints = complaintsOf(page);
  const watching = site.isForeign ? watchResponses(page, site) : undefined;
  page.finish = async () => {
    await watching?.done();
    await context.close();
  };
  await page.goto(addressOf(site, desk, how));
  return page;
}

/** Returns what will have the errors and warnings of the page's console. */
export function complaintsOf(page) {
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    const isBad = message.type() === "error" || message.type() === "warning";
    if (isBad && !favicon.test(message.location().url)) complaints.push(message.text());
  });
  return complaints;
}

async function explained(failure, page) {
  const text = await page.innerText("body").catch(() => "");
  failure.message += `\nthe page shows: ${text}\nthe console says: ${page.complaints.join("\n")}`;
  return failure;
}
