/** What is asked of a client that is shared between tabs. */
import { complaintsOf, shows } from "./visit.mjs";

/** A second tab is shown what the first one is, connects for nothing, and leaves the first one connected. */
export async function checkTwoTabs({ page, desk, assert }, { init, check } = {}) {
  const second = await page.context().newPage();
  if (init) await second.addInitScript(init);
  const complaints = complaintsOf(second);
  await second.goto(page.url());
  await shows(second, "status", "connected");
  await getsNews(desk, [page, second], "trout, too");
  assert.equal(desk.counts.handshakes, 1, "how often the two have connected");
  await check?.(second);
  await second.getByTestId("leave").click();
  await second.close();
  await getsNews(desk, [page], "carp, at last");
  assert.deepEqual(complaints, [], "what the console of the second says");
}

async function getsNews(desk, pages, news) {
  desk.broadcast(news);
  for (const page of pages) await shows(page, "news", news);
}
