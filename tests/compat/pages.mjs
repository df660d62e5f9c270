/** The cases in a page. */
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { listen } from "../browser/support/listen.mjs";
import { starter } from "./support.mjs";

const entry = fileURLToPath(new URL("page.js", import.meta.url));
const headers = { "content-type": "text/html; charset=utf-8" };

/** One page with one client for case after case; a failed case does not leave it to the next. */
export class Pages {
  #browser;
  #name;
  #site;
  #page;
  #servers = [];
  #start;
  #end = [];

  constructor(browser, name) {
    this.#browser = browser;
    this.#name = name;
  }

  async start() {
    this.#site = await startSite(this.#name);
  }

  async stop() {
    await this.#close();
    await this.#site.stop();
  }

  async run(t, title) {
    this.#start = starter(t);
    this.#page ??= await this.#open();
    let passed = false;
    t.after(() => passed || this.#close());
    const run = ([title, name]) => window.runCase(title, name);
    await this.#page.evaluate(run, [title, this.#name]);
    passed = true;
  }

  async #open() {
    const page = await this.#browser.open({ after: (end) => this.#end.push(end) }, "about:blank");
    await page.exposeFunction("startServer", async (options) => {
      const server = await this.#start(options);
      return { id: this.#servers.push(server) - 1, url: server.url };
    });
    await page.exposeFunction("callServer", (id, operation, args) =>
      this.#servers[id].call(operation, args),
    );
    await page.goto(this.#site.url);
    return page;
  }

  async #close() {
    this.#page = undefined;
    for (const end of this.#end.splice(0)) await end();
  }
}

/** A site with the cases and one client. */
async function startSite(name) {
  const options = {
    bundle: true,
    format: "iife",
    write: false,
    alias: { "client-under-test": name },
  };
  const { outputFiles } = await build({ ...options, entryPoints: [entry], logLevel: "warning" });
  const script = outputFiles[0].text.replaceAll("</script", "<\\/script");
  const page = `<!doctype html><link rel="icon" href="data:," /><script>${script}</script>`;
  return listen((_, response) => response.writeHead(200, headers).end(page));
}
