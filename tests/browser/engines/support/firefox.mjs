/** Firefox, driven over WebDriver BiDi, which it speaks itself. */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { firefoxPath } from "../../../../tools/engines.mjs";
import { makeProfile } from "../../support/chromium.mjs";
import { connectBidi } from "./bidi.mjs";
import { lineOf, startProgram } from "./program.mjs";
import { isElsewhere, remotely, shown, valueOf } from "./remote.mjs";

/** What is missing for these tests, in words, or undefined. */
export const missingFirefox = () =>
  firefoxPath() ? undefined : "there is no Firefox (FIREFOX_PATH may name one)";

/**
 * Starts Firefox. Without `profile`, a directory, it has one that ends with it. With `isPrivate` all of
 * its windows are private ones. `preferences` are those of `about:config`.
 */
export async function startFirefox({ profile, isPrivate = false, preferences = {} } = {}) {
  const own = profile === undefined ? makeProfile() : undefined;
  const directory = profile ?? own.directory;
  writePreferences(directory, { ...preferences, "browser.privatebrowsing.autostart": isPrivate });
  const where = ["--profile", directory, "--remote-debugging-port", "0"];
  const program = startProgram(firefoxPath(), ["--headless", "--no-remote", ...where], {
    // Whatever else it writes beside its profile goes into the profile.
    env: { HOME: directory, MOZ_CRASHREPORTER_DISABLE: "1" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const address = /WebDriver BiDi listening on (\S+)/;
  const [, url] = await lineOf(program.child, program.child.stderr, address);
  return new Firefox(await connectBidi(`${url}/session`), program, own);
}

function writePreferences(directory, preferences) {
  mkdirSync(directory, { recursive: true });
  const line = ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`;
  writeFileSync(path.join(directory, "user.js"), Object.entries(preferences).map(line).join(""));
}

/** A browser that runs. */
class Firefox {
  #bidi;
  #program;
  #ownProfile;

  constructor(bidi, program, ownProfile) {
    this.#bidi = bidi;
    this.#program = program;
    this.#ownProfile = ownProfile;
  }

  get version() {
    return this.#bidi.version;
  }

  /** Opens `url` in a tab of its own and resolves when it is loaded. */
  async open(url) {
    const { context } = await this.#bidi.send("browsingContext.create", { type: "tab" });
    const page = new Page(this.#bidi, context);
    await page.navigate(url);
    return page;
  }

  /** Ends all of its processes at once, without a word to any of them. */
  async kill() {
    await this.#program.kill();
    this.#ownProfile?.remove();
  }
}

/** A tab. */
class Page {
  #bidi;
  #context;

  constructor(bidi, context) {
    this.#bidi = bidi;
    this.#context = context;
  }

  /** Goes to `url`; resolves when that is loaded. */
  navigate(url) {
    return this.#send("browsingContext.navigate", { url, wait: "complete" });
  }

  /** Loads the page again. */
  reload() {
    return this.#send("browsingContext.reload", { wait: "complete" });
  }

  /** Goes back in the tab's history; resolves when the page before is shown. */
  async back() {
    const left = await this.evaluate(() => location.href);
    await this.#send("browsingContext.traverseHistory", { delta: -1 });
    await shown(this, isElsewhere, left);
  }

  /** Closes the tab. */
  close() {
    return this.#send("browsingContext.close", {});
  }

  /** Calls a function in the page with arguments that JSON can tell, and resolves with its result. */
  async evaluate(work, ...args) {
    const { result, exceptionDetails } = await this.#bidi.send("script.callFunction", {
      functionDeclaration: remotely(work),
      arguments: [{ type: "string", value: JSON.stringify(args) }],
      awaitPromise: true,
      target: { context: this.#context },
    });
    if (exceptionDetails) throw new Error(exceptionDetails.text);
    return valueOf(result.value);
  }

  #send(method, params) {
    return this.#bidi.send(method, { context: this.#context, ...params });
  }
}
