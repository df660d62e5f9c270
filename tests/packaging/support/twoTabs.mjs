/** What is asked of a client that is shared between tabs. */
import { shows } from "./visit.mjs";

/** A second tab is shown what the first one is, and connects for nothing. */
export async function checkTwoTabs({ page, desk }) {
  const second = await page.context().newPage();
  await second.goto(page.url());
  await shows(second, "status", "connected");
  desk.broadcast("trout, too");
  await shows(page, "news", "trout, too");
  await shows(second, "news", "trout, too");
  await second.getByTestId("leave").click();
  await second.close();
}
