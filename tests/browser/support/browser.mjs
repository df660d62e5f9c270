/** One browser for a test file, a fresh page for each test. */
import { after, before } from "node:test";
import { chromium } from "playwright-core";
import { chromiumArguments, chromiumPath } from "../../../tools/chromium.mjs";
import { exitOnSignals } from "./signals.mjs";

/** What a page says when a server is away; tests that stop servers expect it. */
const networkNoise = /^WebSocket connection to|^Failed to load resource|has been blocked by CORS/;

/** Starts the browser before the tests of this file and stops it after them. */
export function useBrowser() {
  let browser;
  before(async () => {
    exitOnSignals(); // Playwright ends its browser at an exit.
    browser = await chromium.launch({ executablePath: chromiumPath(), args: chromiumArguments });
  });
  after(() => browser?.close());

  /** Opens `url` in a page of its own; `init` runs in it before any script of the page. */
  const open = async (t, url, init, argument) => {
    const context = await browser.newContext();
    t.after(() => context.close());
    const page = await context.newPage();
    const errors = watchErrors(page);
    if (init) await page.addInitScript(init, argument);
    await page.goto(url);
    return Object.assign(page, { errors });
  };
  return { open };
}

/** Collects uncaught errors and console errors, except that a network is as it is. */
function watchErrors(page) {
  const errors = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" && !networkNoise.test(message.text())) {
      errors.push(message.text());
    }
  });
  return errors;
}
