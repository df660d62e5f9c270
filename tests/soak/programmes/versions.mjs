/** Two versions of the package, of which the later one has a later database, in one profile. */
import { waitFor } from "../../browser/support/wait.mjs";
import { withSetting } from "../support/setting.mjs";

export const summary = "two versions of the package meet in one profile, in four orders";
export const counts = { full: 100, quick: 4 };
export const unit = "meetings";

const limitMs = 30_000;
const refusal = "storage_version";

export const run = ({ count, random, progress, check, expect }) =>
  withSetting({}, async (setting) => {
    const browser = await setting.startBrowser();
    const figures = Object.fromEntries(Object.keys(orders).map((name) => [name, 0]));
    for (let done = 1; done <= count; done += 1) {
      const names = Object.keys(orders);
      const name = names[done % names.length];
      await orders[name](
        new Meeting({ setting, browser, random, name: `meeting ${done}` }),
        (ok, text) => expect(ok, `${name}: ${text}`),
      );
      figures[name] += 1;
      progress(done);
    }
    check(setting.verdict());
    return { done: count, figures };
  });

/** Each ends with a page of the later version, which has applied whatever any page was told is accepted. */
const orders = {
  async laterComesToEarlier(meeting, expect) {
    const earlier = await meeting.openEarlier();
    await meeting.enqueueSome(earlier);
    const refused = meeting.whenRefused(earlier);
    const later = await meeting.openLater();
    await meeting.enqueueSome(later);
    await refused;
    expect((await meeting.enqueue(earlier)) === refusal, "the earlier one takes actions");
    await meeting.end(later, expect);
  },
  async earlierComesToLater(meeting, expect) {
    const later = await meeting.openLater();
    await meeting.enqueueSome(later);
    const earlier = await meeting.openEarlier();
    expect((await meeting.enqueue(earlier)) === refusal, "the earlier one takes actions");
    await meeting.enqueueSome(later);
    await meeting.end(later, expect);
  },
  async laterComesAfterEarlier(meeting, expect) {
    const earlier = await meeting.openEarlier({ autoConnect: false });
    await meeting.enqueueSome(earlier);
    await meeting.close(earlier);
    const later = await meeting.openLater({ autoConnect: false });
    await meeting.enqueueSome(later);
    await meeting.close(later);
    const again = await meeting.openEarlier();
    expect((await meeting.enqueue(again)) === refusal, "the earlier one takes actions");
    await meeting.end(await meeting.openLater(), expect);
  },
  async bothComeAtOnce(meeting, expect) {
    const [earlier, later] = await Promise.all([meeting.openEarlier(), meeting.openLater()]);
    const refused = meeting.whenRefused(earlier);
    await Promise.all([meeting.enqueueSome(earlier), meeting.enqueueSome(later)]);
    await refused;
    expect((await meeting.enqueue(earlier)) === refusal, "the earlier one takes actions");
    await meeting.end(later, expect);
  },
};

/** Pages of both versions, with a database of their own. */
class Meeting {
  #setting;
  #browser;
  #random;
  #name;
  #pages = [];
  /** The pages that said that a later version has the database. */
  #refused = new Set();
  #leave;

  constructor({ setting, browser, random, name }) {
    this.#setting = setting;
    this.#browser = browser;
    this.#random = random;
    this.#name = name;
    this.#leave = setting.watch(({ type, code, tab }) => {
      if (type === "error" && code === refusal) this.#refused.add(tab);
    });
    setting.server.setDelay(random.pick([0, 5, 50]));
  }

  openEarlier(options) {
    return this.#open("/", options);
  }

  openLater(options) {
    return this.#open("/later/", options);
  }

  async #open(path, options) {
    const given = { ...options, outbox: { name: this.#name } };
    const page = await this.#setting.open(this.#browser, given, path);
    this.#pages.push(page);
    return page;
  }

  /** Resolves with why an action was not accepted, if it was not. */
  async enqueue(page) {
    return (await page.evaluate((tab) => window.soak.enqueue(tab, "lane"), page.tab)).code;
  }

  async enqueueSome(page) {
    const count = 1 + this.#random.below(30);
    await page.evaluate(
      (tab, count) =>
        Promise.all(Array.from({ length: count }, () => window.soak.enqueue(tab, "lane"))),
      ...[page.tab, count],
    );
  }

  whenRefused(page) {
    return waitFor("the earlier version's word", () => this.#refused.has(page.tab), limitMs);
  }

  async close(page) {
    this.#pages = this.#pages.filter((other) => other !== page);
    await page.close();
  }

  /** Ends it when the page has sent everything, or could not. */
  async end(page, expect) {
    const { ledger } = this.#setting;
    const isSent = () => ledger.missing === 0;
    await waitFor("everything", isSent, limitMs).catch(() => {}); // told below
    expect(
      isSent(),
      `${ledger.missing} accepted actions are not applied: ${await page.evaluate(() => window.soak.describe())}`,
    );
    this.#leave();
    for (const page of this.#pages) await page.close();
  }
}
