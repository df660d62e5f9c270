/** A client of WebDriver (https://www.w3.org/TR/webdriver2/), as far as these tests need it. */

/** Opens a session at a driver's address; it asks for these capabilities. */
export async function openSession(driver, capabilities) {
  const session = await command(driver, "POST", "/session", {
    capabilities: { alwaysMatch: capabilities },
  });
  const url = `${driver}/session/${session.sessionId}`;
  const version = session.capabilities.browserVersion;
  return new Session(url, version, await command(url, "GET", "/window"));
}

/** A browser. Its commands are carried out one after the other, as the protocol wants it. */
class Session {
  /** The window that is there from the beginning. */
  firstWindow;
  /** The browser's. */
  version;
  #url;
  #last = Promise.resolve();

  constructor(url, version, firstWindow) {
    this.#url = url;
    this.version = version;
    this.firstWindow = firstWindow;
  }

  /** Runs the commands that `work` sends with its argument while this window is the current one. */
  inWindow(handle, work) {
    return this.#inTurn(async () => {
      await command(this.#url, "POST", "/window", { handle });
      return work((method, path, body) => command(this.#url, method, path, body));
    });
  }

  /** Ends the browser. */
  end() {
    return this.#inTurn(() => command(this.#url, "DELETE", ""));
  }

  #inTurn(work) {
    const result = this.#last.then(work);
    this.#last = result.catch(() => {});
    return result;
  }
}

async function command(base, method, path, body) {
  const text = method === "POST" ? JSON.stringify(body ?? {}) : undefined;
  const init = { method, body: text, headers: { "content-type": "application/json" } };
  const response = await fetch(base + path, { ...init, signal: AbortSignal.timeout(30_000) });
  const { value } = await response.json();
  if (!response.ok) throw new Error(`${method} ${path}: ${value.error}: ${value.message}`);
  return value;
}
