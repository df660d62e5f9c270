/** The area about events with binary data. */
import { bundle, measureIn, openPage } from "../support/browser.mjs";

const sizes = { "1 kB": 1_000, "1 MB": 1_000_000 };

export const binary = {
  title: "Events with one binary attachment",
  notes: ["It fails if either client copies the data."],
  columns: { reference: "socket.io-client" },
  async measure({ browser, timing }) {
    const page = await openPage(browser, await bundle("binary.js"));
    const rows = [];
    for (const [size, bytes] of Object.entries(sizes)) {
      for (const out of [false, true]) {
        const figures = await measureIn(page, { bytes, out }, timing);
        const name = `${size}, ${out ? "sent" : "received"}`;
        rows.push({ case: name, unit: "µs", ...figures, goal: { ratio: 1 } });
      }
    }
    await page.context().close();
    return rows;
  },
};
