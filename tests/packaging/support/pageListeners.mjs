/** The listeners with which a client hears of its page, as the DevTools protocol counts them. */
const names = ["pagehide", "pageshow", "freeze", "resume", "online", "offline", "visibilitychange"];

/** Returns how many listeners window and document have, by event. */
export async function listenersOf(page) {
  const session = await page.context().newCDPSession(page);
  const found = [];
  for (const expression of ["window", "document"]) {
    const { result } = await session.send("Runtime.evaluate", { expression });
    const { objectId } = result;
    const { listeners } = await session.send("DOMDebugger.getEventListeners", { objectId });
    found.push(...listeners.map(({ type }) => type).filter((type) => names.includes(type)));
  }
  await session.detach();
  const count = (name) => found.filter((type) => type === name).length;
  return Object.fromEntries(names.map((name) => [name, count(name)]));
}
