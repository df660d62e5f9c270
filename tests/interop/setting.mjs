/** A page with the package, and a server of its own for each test. */
import { after, before } from "node:test";
import { useBrowser } from "../browser/support/browser.mjs";
import { startSite } from "../browser/support/site.mjs";
import { startPrimes } from "./primes-server.mjs";

/** Returns `open(t, options)`: a page with `window.client` for a fresh server, not yet connected. */
export function useSetting() {
  const browser = useBrowser();
  let site;
  before(async () => (site = await startSite()));
  after(() => site.stop());

  return async (t, { server: serverOptions, client: clientOptions } = {}) => {
    const server = await startPrimes({ options: serverOptions });
    t.after(() => server.stop());
    const page = await browser.open(t, site.url);
    await page.evaluate(
      ([url, options]) => {
        window.client = window.kit.makeClient(url, options);
      },
      [server.url, clientOptions],
    );
    return { page, server };
  };
}

/** Connects `window.client`; resolves with what became of it. */
export const connect = (page) => page.evaluate(() => window.kit.outcome(window.client.connect()));

/** Resolves with the server's side of the next connection to `namespace`. */
export const nextSocket = (server, namespace = "/") =>
  new Promise((resolve) => {
    server.io.of(namespace).once("connection", resolve);
  });
