/** WebKitGTK, driven over WebDriver, on a display that nobody sees. It keeps nothing when it ends. */
import { displayPath, webKitDriverPath } from "../../../../tools/engines.mjs";
import { listen, urlOf } from "../../support/listen.mjs";
import { waitFor } from "../../support/wait.mjs";
import { lineOf, startProgram } from "./program.mjs";
import { isElsewhere, remotely, shown, valueOf } from "./remote.mjs";
import { openSession } from "./webDriver.mjs";

/** What is missing for these tests, in words, or undefined. */
export function missingWebKit() {
  if (!webKitDriverPath()) return "there is no WebKitWebDriver (Debian: webkit2gtk-driver)";
  return displayPath() ? undefined : "there is no Xvfb (Debian: xvfb)";
}

/** Starts WebKitGTK's small browser. */
export async function startWebKit() {
  const display = await startDisplay();
  const { port, stop } = await listen(() => {});
  await stop(); // it was free a moment ago
  const driver = startProgram(webKitDriverPath(), [`--port=${port}`], {
    env: { DISPLAY: display.name },
  });
  await waitFor("the driver", () => answers(`${urlOf(port)}/status`));
  const session = await openSession(urlOf(port), {});
  return new WebKit(session, [driver, display]);
}

/** It takes a free number, and tells it on its fourth stream when it is ready. */
async function startDisplay() {
  const args = ["-displayfd", "3", "-screen", "0", "1024x768x24", "-nolisten", "tcp"];
  const stdio = ["ignore", "ignore", "ignore", "pipe"];
  const program = startProgram(displayPath(), args, { stdio });
  const [number] = await lineOf(program.child, program.child.stdio[3], /^\d+$/);
  return { ...program, name: `:${number}` };
}

const answers = (url) =>
  fetch(url).then(
    () => true,
    () => false,
  );

/** A browser that runs. */
class WebKit {
  #session;
  #programs;

  constructor(session, programs) {
    this.#session = session;
    this.#programs = programs;
  }

  get version() {
    return this.#session.version;
  }

  /** Opens `url` in a tab of its own and resolves when it is loaded. */
  async open(url) {
    const newTab = (send) => send("POST", "/window/new", { type: "tab" });
    const { handle } = await this.#session.inWindow(this.#session.firstWindow, newTab);
    const page = new Page(this.#session, handle);
    await page.navigate(url);
    return page;
  }

  /** Ends it, its driver and its display. */
  async kill() {
    await this.#session.end().catch(() => {}); // the driver may have ended
    for (const { kill } of this.#programs) await kill();
  }
}

/** A tab. While it evaluates, the other tabs of the browser are not served. */
class Page {
  #session;
  #handle;

  constructor(session, handle) {
    this.#session = session;
    this.#handle = handle;
  }

  /** Goes to `url`; resolves when that is loaded. */
  async navigate(url) {
    await this.#send("POST", "/url", { url });
    await shown(this, (href) => location.href === href, new URL(url).href);
  }

  /** Loads the page again. */
  async reload() {
    await this.evaluate(() => void (window.isOld = true));
    await this.#send("POST", "/refresh");
    await shown(this, () => !window.isOld);
  }

  /** Goes back in the tab's history; resolves when the page before is shown. */
  async back() {
    const left = await this.evaluate(() => location.href);
    await this.#send("POST", "/back");
    await shown(this, isElsewhere, left);
  }

  /** Closes the tab. */
  close() {
    return this.#send("DELETE", "/window");
  }

  /** Calls a function in the page with arguments that JSON can tell, and resolves with its result. */
  async evaluate(work, ...args) {
    const script = `
      const [json, done] = arguments;
      (${remotely(work)})(json).then(done, (error) => done({ failure: String(error) }));`;
    const body = { script, args: [JSON.stringify(args)] };
    const answer = await this.#send("POST", "/execute/async", body);
    if (answer.failure !== undefined) throw new Error(answer.failure);
    return valueOf(answer);
  }

  #send(method, path, body) {
    return this.#session.inWindow(this.#handle, (send) => send(method, path, body));
  }
}
