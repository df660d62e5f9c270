/** Opens a consumer's page in Chromium and uses it: the contract is in `../README.md`. */
import assert from "node:assert/strict";
import { waitFor } from "../../browser/support/wait.mjs";
import { listenersOf } from "./pageListeners.mjs";
import { watchResponses } from "./shipped.mjs";

/** What a page is asked for its favicon with. */
const favicon = /favicon\.ico/;

/** The address of the page, with this server in its query. */
const addressOf = ({ url }, desk) =>
  desk ? `${url}/?server=${encodeURIComponent(desk.url)}` : `${url}/`;

/** Opens the page without a server: then nothing may connect. Resolves with the page's own listeners. */
export async function visitIdle(browser, site) {
  const page = await openPage(browser, site);
  try {
    await page.waitForLoadState("networkidle");
    return await listenersOf(page);
  } finally {
    await page.finish();
  }
}

/** Uses the page as its user does; resolves when it was left and nothing is left over. */
export async function visit(browser, site, desk, { check, idleListeners }) {
  const page = await openPage(browser, site, desk);
  try {
    await useDesk(page, desk);
    await check?.({ page, desk, assert });
    await leave(page, desk, idleListeners);
    assert.deepEqual(page.complaints, [], "what the console says");
  } catch (failure) {
    throw await explained(failure, page);
  } finally {
    await page.finish();
  }
  await desk.served();
}

/** Opens the page and leaves all else to `check`, which may expect complaints. */
export async function visitOnly(browser, site, desk, { check }) {
  const page = await openPage(browser, site, desk);
  try {
    await check({ page, desk, assert });
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
  const during = await listenersOf(page);
  assert.notDeepEqual(during, idleListeners, "a client listens to its page");
  await page.getByTestId("leave").click();
  await desk.left();
  const listenersAreGone = async () => {
    const after = await listenersOf(page);
    return JSON.stringify(after) === JSON.stringify(idleListeners);
  };
  await waitFor("the page's listeners to go", listenersAreGone);
}

/** Resolves when the element of this id shows just this text. */
export async function shows(page, id, text, timeout = 10_000) {
  const element = page.getByTestId(id).and(page.getByText(text, { exact: true }));
  await element.waitFor({ timeout });
}

async function openPage(browser, site, desk) {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.complaints = [];
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  page.on("console", (message) => {
    const isBad = message.type() === "error" || message.type() === "warning";
    if (isBad && !favicon.test(message.location().url)) page.complaints.push(message.text());
  });
  const watching = site.isForeign ? watchResponses(page, site) : undefined;
  page.finish = async () => {
    await watching?.done();
    await context.close();
  };
  await page.goto(addressOf(site, desk));
  return page;
}

async function explained(failure, page) {
  const text = await page.innerText("body").catch(() => "");
  failure.message += `\nthe page shows: ${text}\nthe console says: ${page.complaints.join("\n")}`;
  return failure;
}
