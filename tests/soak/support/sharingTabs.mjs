/** Tabs of one user with one core, and what happens to them. */
import { waitFor } from "../../browser/support/wait.mjs";
import { Heard } from "./heard.mjs";

const most = 6;
const enqueuing = { lanes: 4, burst: 5, pauseMs: 100 };

/** In which state tabs are to which something happens, and in which they are after that. */
const doings = {
  close: { from: ["there", "frozen", "away"], to: "closed" },
  crash: { from: ["there"], to: "closed" },
  freeze: { from: ["there"], to: "frozen" },
  thaw: { from: ["frozen"], to: "there" },
  leave: { from: ["there"], to: "away" },
  return: { from: ["away"], to: "there" },
};

export class SharingTabs {
  /** What all clients have in common. */
  options = { identity: "user" };
  heard = new Heard();
  /** The most connections that the server had at once. */
  mostConnections = 0;
  /** What was told that must not happen. */
  unexpected = [];
  /** How often what happened; `coreFailed` is how often a tab had to have another worker, `unknown` how many ends of actions were lost with one. */
  did = {
    connections: 0,
    coreFailed: 0,
    unknown: 0,
    open: 0,
    close: 0,
    crash: 0,
    freeze: 0,
    thaw: 0,
    leave: 0,
    return: 0,
    reload: 0,
  };
  #setting;
  #browser;
  #random;
  #tabs = [];
  #held = describe(0, []);
  /** Those that were away when their worker ended: what became of their actions before that nobody can tell them. */
  #bereft = new Set();

  constructor(setting, browser, random) {
    this.#setting = setting;
    this.#browser = browser;
    this.#random = random;
    setting.watch((told) => this.#take(told));
    setting.ledger.mayEnd = (ended) => this.#mayEnd(ended);
  }

  /** What the server holds for them, in words. */
  get held() {
    return this.#held;
  }

  /** What it is to hold. */
  get expected() {
    const { names } = this;
    return names.length === 0 ? describe(0, []) : describe(1, ["news", ...names]);
  }

  /** Of those that are there. */
  get names() {
    return this.#tabs.filter(({ state }) => state === "there").map(({ page }) => page.tab);
  }

  async open() {
    const page = await this.#setting.open(this.#browser, this.options);
    const tab = { page, state: "there" };
    this.#tabs.push(tab);
    // Those in the same process crash together.
    page.on("Inspector.targetCrashed", () => (tab.state = "crashed"));
    this.did.open += 1;
    await page.evaluate((tab) => window.soak.follow(tab), page.tab);
    await page.evaluate(() => window.soak.client.connect());
    await page.evaluate((settings) => window.soak.startEnqueuing(settings), {
      ...{ tab: page.tab, seed: this.#random.below(2 ** 32), ...enqueuing },
    });
  }

  /** Something happens, by chance. */
  async doOne() {
    const possible = Object.keys(doings).flatMap((doing) =>
      this.#tabs
        .filter(({ state }) => doings[doing].from.includes(state))
        .filter(() => doing !== "crash" || !this.#isLastBeforeStandstill)
        .map((tab) => [doing, tab]),
    );
    const kinds = [...new Set(possible.map(([doing]) => doing))];
    if (this.#tabs.length < most) kinds.push(...Array(4).fill("open"));
    const doing = this.#random.pick(kinds);
    if (doing === "open") return this.open();
    const [, tab] = this.#random.pick(possible.filter(([other]) => other === doing));
    return this.#do(doing, tab);
  }

  /**
   * Whether one is there, and others may only come back: Chromium stops a shared worker as soon as all its pages are
   * stopped, so that it cannot leave the server after a crash, which notices by its pings then.
   */
  get #isLastBeforeStandstill() {
    return this.names.length === 1 && this.#tabs.length > 1;
  }

  /** All are there again, or closed. */
  async reviveAll() {
    for (const tab of [...this.#tabs]) {
      if (tab.state === "frozen") await this.#do("thaw", tab);
      if (tab.state === "away") await this.#do("return", tab);
    }
    if (this.#tabs.length === 0) await this.open();
  }

  /** Only so many are left, those that came last. */
  async closeBut(count) {
    while (this.#tabs.length > count) await this.#do("close", this.#tabs[0]);
  }

  async #do(doing, tab) {
    this.did[doing] += 1;
    const { page } = tab;
    if (doing === "thaw") return this.#thaw(tab);
    tab.state = doings[doing].to;
    tab.wasAway ||= ["freeze", "leave"].includes(doing);
    if (doing === "close") await this.#remove(tab);
    if (doing === "crash") await this.#crash(tab);
    if (doing === "freeze") await page.freeze();
    if (doing === "leave") await page.navigate(`${this.#setting.origin}/other.html`);
    if (doing === "return") await this.#return(tab);
  }

  async #remove(tab) {
    this.#tabs.splice(this.#tabs.indexOf(tab), 1);
    await tab.page.close();
  }

  /** The page says when it goes on, also when the browser thaws it: that is in front when another tab is closed. */
  async #thaw(tab) {
    await tab.page.thaw();
    await waitFor("a page to go on", () => tab.state === "there");
  }

  async #crash(tab) {
    await tab.page.crash();
    for (const other of this.#tabs.filter(({ state }) => state === "crashed"))
      await this.#remove(other);
  }

  /** One that the browser has not kept is loaded anew, and so is another one. */
  async #return(tab) {
    const how = await tab.page.back();
    if (how === "BackForwardCacheRestore") return;
    this.did.reload += 1;
    await this.#remove(tab);
    await this.open();
  }

  #take(told) {
    this.heard.take(told);
    if (told.type === "held") {
      this.#held = describe(told.connections, told.rooms);
      this.mostConnections = Math.max(this.mostConnections, told.connections);
    }
    if (told.type === "connected") this.did.connections += 1;
    if (told.type === "error") this.#takeError(told);
    const tab = this.#tabs.find(({ page }) => page.tab === told.tab);
    if (told.type === "resumed" && tab?.state === "frozen") tab.state = "there";
    if (told.type === "status" && told.state === "connected" && tab) tab.wasAway = false;
  }

  #takeError({ tab: name, code, message }) {
    if (code !== "core_failed") {
      this.unexpected.push(`${name}: ${code}: ${message}`);
      return;
    }
    this.did.coreFailed += 1;
    const tab = this.#tabs.find(({ page }) => page.tab === name);
    if (tab?.wasAway) this.#bereft.add(name);
  }

  #mayEnd({ code, tab }) {
    const isKnown = code !== "action_unknown" || !this.#bereft.has(tab);
    if (!isKnown) this.did.unknown += 1;
    return !isKnown;
  }
}

const describe = (connections, rooms) =>
  `${connections} connections, rooms: ${rooms.toSorted().join(", ")}`;
