/** The cases in Chromium, with the official client and with ours. */
import { after, before, describe, test } from "node:test";
import { useBrowser } from "../browser/support/browser.mjs";
import { Pages } from "./pages.mjs";
import { casesFor, clients, limitMs } from "./support.mjs";

const browser = useBrowser();

for (const name of clients) {
  describe(name, () => {
    const pages = new Pages(browser, name);
    before(() => pages.start());
    after(() => pages.stop());
    for (const [title] of casesFor("browser")) {
      test(title, { timeout: limitMs }, (t) => pages.run(t, title));
    }
  });
}
