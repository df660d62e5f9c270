/**
 * The browser of the tests: where it is, and the arguments it needs. For Playwright:
 * `chromium.launch({ executablePath: chromiumPath(), args: chromiumArguments })`.
 */
import { existsSync } from "node:fs";
import { firstExisting, onPath } from "./lib/programs.mjs";

const macApplications = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/** They let Chromium run as root and in containers, and keep it from calling home. */
export const chromiumArguments = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Returns the path of a Chrome or Chromium, or undefined; CHROME_PATH decides if it is set. */
export function chromiumPath() {
  const named = process.env.CHROME_PATH;
  if (named) return existsSync(named) ? named : undefined;
  const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
  return firstExisting([...names.map(onPath), ...macApplications]);
}

/** Returns the path of the chromedriver, or undefined; CHROMEDRIVER decides if it is set. */
export const chromedriverPath = () => process.env.CHROMEDRIVER ?? onPath("chromedriver");
