/** The browsers with other engines than Chromium's, in which a part of the tests runs, too. */
import { existsSync } from "node:fs";
import { firstExisting, onPath } from "./lib/programs.mjs";

const macFirefox = "/Applications/Firefox.app/Contents/MacOS/firefox";

/** Returns the path of a Firefox, or undefined; FIREFOX_PATH decides if it is set. */
export function firefoxPath() {
  const named = process.env.FIREFOX_PATH;
  if (named) return existsSync(named) ? named : undefined;
  return firstExisting([onPath("firefox-esr"), onPath("firefox"), macFirefox]);
}

/** Returns the path of WebKitGTK's driver, or undefined. */
export const webKitDriverPath = () => onPath("WebKitWebDriver");

/** Returns the path of the display that nobody sees, which WebKitGTK needs, or undefined. */
export const displayPath = () => onPath("Xvfb");
