/** What React's consumers are asked in addition. */
import { shows } from "./visit.mjs";

const count = 10_000;

/** Of a burst none is left out. The page shows how many came and their sum. */
export async function checkBurst({ page }) {
  await page.getByTestId("burst").click();
  await shows(page, "ticks", `${count} ticks, sum ${(count * (count + 1)) / 2}`);
}
