/** The memory of the processes in which a browser runs its pages and their workers. */
import { readFileSync } from "node:fs";
import { usageOf } from "../load/usage.mjs";

/** Has the pages' processes, and with them their workers, let go of what they can do without. */
export async function collectGarbage(pages) {
  for (const page of pages) {
    const cdp = await page.context().newCDPSession(page);
    await cdp.send("HeapProfiler.collectGarbage");
    await cdp.send("Memory.forciblyPurgeJavaScriptMemory");
    await cdp.detach();
  }
}

/** Resolves with what the browser's renderers use together, in kB. */
export async function rendererMemory(browser) {
  const cdp = await browser.newBrowserCDPSession();
  const { processInfo } = await cdp.send("SystemInfo.getProcessInfo");
  await cdp.detach();
  const renderers = processInfo.filter(({ type }) => type === "renderer");
  if (renderers.length === 0) throw new Error("the browser tells of no renderer");
  return renderers.reduce((sum, { id }) => sum + memoryOf(id), 0);
}

/** Of what several processes have in common each has its part, where the system tells that: sums count it once. */
function memoryOf(pid) {
  if (process.platform !== "linux") return usageOf(pid).residentKb;
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)[1]);
}
