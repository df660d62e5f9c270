/**
 * A Chromium of its own for a test, with a profile that survives its end: pages behave as they do for
 * people, may be hidden, frozen or crashed, and the whole browser may be killed or stopped.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { chromiumArguments, chromiumPath } from "../../../tools/chromium.mjs";
import { connectCdp } from "./cdp.mjs";
import { exitOnSignals } from "./signals.mjs";

const ownArguments = [
  "--remote-debugging-port=0",
  "--disable-dev-shm-usage", // small in containers
  "--disable-breakpad",
  "--no-default-browser-check",
  "--password-store=basic",
  "--mute-audio",
];

/** Timers of hidden pages run once per minute after so many seconds; otherwise after five minutes. */
export const throttleAfter = (seconds) =>
  `--enable-features=IntensiveWakeUpThrottling:grace_period_seconds/${seconds}`;

/**
 * Makes a folder for a profile; `remove` takes it away again, as does the end of this process, unless
 * `keep` was called.
 */
export function makeProfile() {
  const directory = mkdtempSync(path.join(tmpdir(), "sockeye-profile-"));
  let isKept = false;
  const remove = () => {
    process.off("exit", remove);
    if (isKept) return;
    rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
  process.on("exit", remove);
  return { directory, remove, keep: () => (isKept = true) };
}

/**
 * Starts Chromium. Without `profile`, a directory, it has one that ends with it; `args` are added to its
 * arguments.
 */
export async function startChromium({ profile, args = [] } = {}) {
  const own = profile === undefined ? makeProfile() : undefined;
  const directory = profile ?? own.directory;
  const all = [...chromiumArguments, ...ownArguments, `--user-data-dir=${directory}`, ...args];
  const stdio = ["ignore", "ignore", "pipe"];
  const child = spawn(chromiumPath(), [...all, "about:blank"], { stdio, detached: true });
  const ended = once(child, "close"); // when the last of its processes has closed the pipe
  const signal = (name) => signalGroup(child, name);
  const kill = () => signal("SIGKILL");
  const ignoreSignals = exitOnSignals();
  process.on("exit", kill);
  void ended.then(() => {
    ignoreSignals();
    process.off("exit", kill);
    own?.remove();
  });
  const cdp = await connectCdp(await addressOf(child));
  return new Chromium(cdp, signal, ended);
}

/** Each browser leads its own process group, so that all of its processes get the signal. */
function signalGroup(child, name) {
  try {
    process.kill(-child.pid, name);
  } catch {
    // It has ended already.
  }
}

function addressOf(child) {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => reject(new Error(`Chromium ended with ${code}`)));
    createInterface({ input: child.stderr }).on("line", (line) => {
      const address = /^DevTools listening on (\S+)/.exec(line)?.[1];
      if (address) resolve(address);
    });
  });
}

/** A browser that runs. */
class Chromium {
  cdp;
  /** Resolves when all of its processes have ended. */
  ended;
  #signal;

  constructor(cdp, signal, ended) {
    this.cdp = cdp;
    this.#signal = signal;
    this.ended = ended;
  }

  /**
   * Opens `url` in a tab of its own, in front of the others, and resolves when it is loaded. `bindings`
   * are functions by name: a page calls them with one text, for example `accepted("key")`. With `isPrivate` it
   * is in a private window of its own, of which nothing comes to the disk.
   */
  async open(url, { bindings = {}, isPrivate = false } = {}) {
    const window = isPrivate ? await this.cdp.send("Target.createBrowserContext") : {};
    const { targetId } = await this.cdp.send("Target.createTarget", {
      url: "about:blank",
      ...window,
    });
    const attach = { targetId, flatten: true };
    const { sessionId } = await this.cdp.send("Target.attachToTarget", attach);
    const page = new Page(this.cdp, targetId, sessionId);
    await page.prepare(bindings);
    await page.navigate(url);
    return page;
  }

  /** Ends all of its processes at once, without a word to any of them. */
  async kill() {
    this.#signal("SIGKILL");
    await this.ended;
  }

  /** Stops all of its processes; they know nothing of it. */
  stop() {
    this.#signal("SIGSTOP");
  }

  continue() {
    this.#signal("SIGCONT");
  }

  /** Ends it as a user does: pages are closed, profiles are written. */
  async close() {
    await this.cdp.send("Browser.close");
    await this.ended;
  }
}

/** A tab. */
class Page {
  #cdp;
  #targetId;
  #sessionId;

  constructor(cdp, targetId, sessionId) {
    this.#cdp = cdp;
    this.#targetId = targetId;
    this.#sessionId = sessionId;
  }

  async prepare(bindings) {
    await Promise.all([this.send("Page.enable"), this.send("Runtime.enable")]);
    for (const name of Object.keys(bindings)) await this.send("Runtime.addBinding", { name });
    this.on("Runtime.bindingCalled", ({ name, payload }) => bindings[name]?.(payload));
  }

  /** Sends a command to the page; resolves with its result. */
  send(method, params, limitMs) {
    return this.#cdp.send(method, params, { sessionId: this.#sessionId, limitMs });
  }

  /** Calls `handle` with the parameters of each such event of the page; returns what ends that. */
  on(method, handle) {
    return this.#cdp.on(method, handle, { sessionId: this.#sessionId });
  }

  /** Resolves with the parameters of the next such event of the page. Call it before what causes the event. */
  next(method, options) {
    return this.#cdp.next(method, { ...options, sessionId: this.#sessionId });
  }

  /** Goes to `url`; resolves when that is loaded. */
  async navigate(url) {
    const loaded = this.next("Page.loadEventFired");
    loaded.catch(() => {}); // told below, if the page can be reached
    const { errorText } = await this.send("Page.navigate", { url });
    if (errorText) throw new Error(`${url}: ${errorText}`);
    await loaded;
  }

  /**
   * Goes back in the tab's history; resolves with how the page came, `BackForwardCacheRestore` if it was
   * kept, otherwise with why it was not. A page that was served with `no-store` is not kept if it has a
   * WebSocket.
   */
  async back() {
    const { currentIndex, entries } = await this.send("Page.getNavigationHistory");
    const isMain = ({ frame }) => frame.parentId === undefined;
    const came = this.next("Page.frameNavigated", { matches: isMain });
    came.catch(() => {}); // told below, if the command succeeds
    let reasons = [];
    const leave = this.on("Page.backForwardCacheNotUsed", ({ notRestoredExplanations }) => {
      reasons = notRestoredExplanations.map(({ reason }) => reason);
    });
    const entryId = entries[currentIndex - 1].id;
    await this.send("Page.navigateToHistoryEntry", { entryId });
    const { type } = await came;
    leave();
    return [type, ...reasons].join(", ");
  }

  /**
   * Calls a function in the page with arguments that JSON can tell, and resolves with what it returns or
   * resolves with. It sees nothing of this program.
   */
  async evaluate(work, ...args) {
    const expression = `(${work})(${args.map((arg) => JSON.stringify(arg) ?? "undefined")})`;
    const how = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails: failure } = await this.send("Runtime.evaluate", how);
    if (failure) throw new Error(failure.exception?.description ?? failure.text);
    return result.value;
  }

  /**
   * Hides the page and freezes it: no timer and no message of a socket is served until {@link thaw}. It
   * stays hidden after that, until it is shown when another tab has been in front.
   */
  freeze() {
    return this.send("Page.setWebLifecycleState", { state: "frozen" });
  }

  thaw() {
    return this.send("Page.setWebLifecycleState", { state: "active" });
  }

  /** Brings the tab to the front: it is visible then, the others of its window are hidden. */
  show() {
    return this.send("Page.bringToFront");
  }

  /** Ends the page's process without a word to the page. The tab stays until {@link close}. */
  async crash() {
    const crashed = this.next("Inspector.targetCrashed");
    this.send("Page.crash").catch(() => {}); // nobody is left to answer
    await crashed;
  }

  /** Closes the tab as a user does. */
  async close() {
    const matches = ({ targetId }) => targetId === this.#targetId;
    const gone = this.#cdp.next("Target.detachedFromTarget", { matches });
    gone.catch(() => {}); // told below, if the command succeeds
    await this.#cdp.send("Target.closeTarget", { targetId: this.#targetId });
    await gone;
  }
}
