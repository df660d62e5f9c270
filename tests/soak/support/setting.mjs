/** What each run has of its own: a server, a web site, a profile, a ledger. */
import { cpSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { makeProfile, startChromium } from "../../browser/support/chromium.mjs";
import { startSite } from "../../browser/support/site.mjs";
import { waitFor } from "../../browser/support/wait.mjs";
import { endInReverse } from "../../interop/processes.mjs";
import { Ledger } from "./ledger.mjs";
import { isDatabaseDamaged } from "./levelDbLog.mjs";
import { startServer } from "./server.mjs";

const pages = fileURLToPath(new URL("../site/", import.meta.url));

/** Runs `body(setting)` and ends everything that it started. Clients have their cores where `mode` says. */
export async function withSetting({ store, server = {}, mode }, body) {
  const all = [];
  const ends = endInReverse({ after: (end) => all.push(end) });
  try {
    return await body(await Setting.start(ends, { store, server, mode }));
  } finally {
    for (const end of all) await end();
  }
}

class Setting {
  ledger = new Ledger();
  /** Where pages connect to; a proxy may be put there. */
  url;
  server;
  /** What the server told but applied actions: connections and their ends. */
  events = [];
  /** The last action that the server applied. */
  lastApplied;
  /** What a page said or threw that it must not. */
  failures = [];
  #ends;
  /** Where clients have their stores and cores. */
  #clients;
  #site;
  #profile;
  /** How often `client.errors` told what. */
  #errors = new Map();
  #handlers = new Set();
  #loads = 0;

  static async start(ends, { store, server, mode }) {
    const setting = new Setting();
    setting.#ends = ends;
    setting.#clients = { store, mode };
    setting.server = await startServer(ends, (told) => setting.#handleServer(told), server);
    setting.url = setting.server.url;
    setting.#site = await startSite({ directory: pages, headers: { "cache-control": "no-cache" } });
    ends.after(() => setting.#site.stop());
    setting.#profile = makeProfile();
    ends.after(setting.#profile.remove);
    return setting;
  }

  /** Where a second site, proxies and the like are ended. */
  get ends() {
    return this.#ends;
  }

  get origin() {
    return this.#site.url;
  }

  /** Opens a page without a client, in front of the others. */
  openOther(browser) {
    return browser.open(`${this.origin}/other.html`);
  }

  /** Starts the browser with this setting's profile, or with a copy of it. */
  async startBrowser(args = [], { directory } = this.#profile) {
    const browser = await startChromium({ profile: directory, args });
    this.#ends.after(() => browser.kill());
    return browser;
  }

  /** Copies the profile, which no browser has open; returns the copy. */
  copyProfile() {
    const copy = makeProfile();
    this.#ends.after(copy.remove);
    cpSync(this.#profile.directory, copy.directory, { recursive: true });
    return copy;
  }

  /** Opens a page with a client of its own. */
  async open(browser, options, path) {
    const page = await this.openPlain(browser, path);
    await this.begin(page, options);
    return page;
  }

  /** Opens a page without a client yet; `tab` names this load of the page. */
  async openPlain(browser, path = "/") {
    this.#loads += 1;
    const tab = `page ${this.#loads}`;
    const bindings = { tell: (text) => this.#handlePage(tab, JSON.parse(text)) };
    const page = await browser.open(new URL(path, this.#site.url).href, { bindings });
    page.on("Runtime.exceptionThrown", ({ exceptionDetails: { exception, text } }) =>
      this.failures.push(`${tab} threw ${exception?.description ?? text}`),
    );
    return Object.assign(page, { tab });
  }

  /** Makes the page's client; resolves with how durable its outbox is. */
  begin(page, options) {
    const settings = { url: this.url, tab: page.tab, ...this.#clients, options };
    return page.evaluate((settings) => window.soak.begin(settings), settings);
  }

  /** Calls `handle` with everything that pages and the server tell, and `tab`; returns what ends that. */
  watch(handle) {
    this.#handlers.add(handle);
    return () => void this.#handlers.delete(handle);
  }

  /** Resolves with the first thing told that `matches`, and when it was. */
  async next(what, matches, limitMs = 30_000) {
    let found;
    const leave = this.watch((told) => {
      if (!found && matches(told)) found = told;
    });
    try {
      return await waitFor(what, () => found, limitMs);
    } finally {
      leave();
    }
  }

  /** Waits until nothing is in the store any more; what has not been applied then never will be. */
  async settle(browser, options, limitMs = 120_000) {
    this.server.setDelay(0);
    const page = await this.open(browser, options);
    // The store has been read when it takes an action.
    const last = await page.evaluate((tab) => window.soak.enqueue(tab, "last"), page.tab);
    if (last.code) this.failures.push(`the last action was refused: ${last.code}`);
    const isEmpty = async () => (await page.evaluate(() => window.soak.countItems())) === 0;
    await waitFor("an empty outbox", isEmpty, limitMs).catch(async ({ message }) =>
      this.failures.push(message, await page.evaluate(() => window.soak.describe())),
    );
    await page.close();
  }

  /** Whether the browser will throw its database away when it starts again. */
  get isDatabaseDamaged() {
    return isDatabaseDamaged(this.#profile.directory);
  }

  /** What is wrong so far. */
  verdict() {
    const { counts, words } = this.ledger.verdict();
    const failures = [...words, ...this.failures];
    if (failures.length === 0) return { counts, words: [] };
    const told = [...this.#errors].map(([text, count]) => `${count} × ${text}`);
    this.#profile.keep();
    const context = [
      `clients told: ${told.join("; ") || "nothing"}`,
      `the profile is kept in ${this.#profile.directory}`,
    ];
    return { counts, words: [...failures, ...context] };
  }

  #handleServer(told) {
    if (told.type === "applied") {
      this.ledger.apply(told);
      this.lastApplied = told;
    } else {
      this.events.push(told);
    }
    this.#tell(told);
  }

  #handlePage(tab, told) {
    if (told.type === "accepted") this.ledger.accept({ ...told, tab });
    if (told.type === "error") this.#noteError(told);
    if (told.type === "refused") this.ledger.refuse(told);
    if (told.type === "ended") this.ledger.end({ ...told, tab });
    this.#tell({ ...told, tab: told.tab ?? tab, isPage: true });
  }

  #noteError({ code, message }) {
    const text = `${code}: ${message}`;
    this.#errors.set(text, (this.#errors.get(text) ?? 0) + 1);
  }

  #tell(told) {
    for (const handle of [...this.#handlers]) handle(told);
  }
}
