/** Pages that measure: one Chromium for a run, scripts that are bundled as applications bundle them. */
import path from "node:path";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { chromiumArguments, chromiumPath } from "../../../tools/chromium.mjs";
import { inRoot } from "../../../tools/lib/paths.mjs";

/** Where pages are that need no server; only secure ones can be isolated. */
const address = "https://bench.test/";

/** With them a page's clock counts in steps of 5 µs. */
export const isolation = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

const html = '<link rel="icon" href="data:," /><script type="module" src="/page.js"></script>';

const bundling = {
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  define: { "process.env.NODE_ENV": '"production"' },
  write: false,
  logLevel: "warning",
};

/** Bundles a script of `page/`. */
export async function bundle(name) {
  const entryPoints = [inRoot("tests/bench/page", name)];
  const { outputFiles } = await build({ ...bundling, entryPoints });
  return outputFiles[0].text;
}

/** The same in chunks, of which a page loads those that it imports: returns them all by their names. */
export async function bundleInChunks(...names) {
  const entryPoints = names.map((name) => inRoot("tests/bench/page", name));
  const outdir = inRoot("target/bench/site");
  const { outputFiles } = await build({ ...bundling, entryPoints, splitting: true, outdir });
  return Object.fromEntries(outputFiles.map((file) => [path.basename(file.path), file.text]));
}

/** Returns what answers requests for a page, its script, that of its worker, and `chunks` by their names, for an HTTP server. */
export function serve(script, workerScript, chunks = {}) {
  const scripts = { ...chunks, "page.js": script, "worker.js": workerScript };
  return ({ url }, response) => {
    const found = scripts[path.basename(url)];
    response.writeHead(200, {
      "content-type": found ? "text/javascript" : "text/html",
      ...isolation,
    });
    response.end(found ?? html);
  };
}

export const launch = () =>
  chromium.launch({ executablePath: chromiumPath(), args: chromiumArguments });

/** Opens a page that has a script of `page/`, and waits until that is there. */
export async function openPage(browser, script) {
  const page = await newPage(browser);
  await page.route(`${address}**`, (route) =>
    route.request().url().endsWith(".js")
      ? route.fulfill({ contentType: "text/javascript", body: script, headers: isolation })
      : route.fulfill({ contentType: "text/html", body: html, headers: isolation }),
  );
  await goto(page, address);
  return page;
}

/** Opens a page in a context, so in a process, of its own. */
export async function newPage(browser) {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.on("pageerror", (error) => console.error(error));
  return page;
}

/** Goes to a page whose script sets `measure`. */
export async function goto(page, url) {
  await page.goto(url);
  await page.waitForFunction(() => "measure" in globalThis);
}

/** Calls the page's `measure`. */
export const measureIn = (page, ...args) =>
  page.evaluate((given) => globalThis.measure(...given), args);
