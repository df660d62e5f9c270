/**
 * All that this repository needs: one line for each tool, with the verbs that
 * need it. They are made ready in this order.
 */
import { chromedriverPath, chromiumPath } from "../chromium.mjs";
import { displayPath, firefoxPath, webKitDriverPath } from "../engines.mjs";
import { lockedVersion } from "../lib/cargoLock.mjs";
import { inRoot } from "../lib/paths.mjs";
import {
  cargoTool,
  debianPackage,
  node,
  npmDependencies,
  optionalDebianPackage,
  rustSources,
  wasmTarget,
} from "./kinds.mjs";
import { pythonPackages } from "./python.mjs";

export const verbs = ["start", "test", "bench"];

const always = verbs;
const inBrowsers = ["test", "bench"];
const chromium = "install Chrome or Chromium, or name one in CHROME_PATH";
const chromedriver =
  "install the chromedriver of your Chrome's version (brew install chromedriver)";
const firefox = "tests in Firefox are skipped (install Firefox, or name one in FIREFOX_PATH)";
const webKit = "tests in WebKitGTK are skipped";

// prettier-ignore
export const tools = [
  { for: always,     ...node({ atLeast: "20.19" }) },
  { for: always,     ...npmDependencies() },
  { for: ["test"],   ...npmDependencies(inRoot("tests/types")), name: "npm dependencies of tests/types" },
  { for: ["test"],   ...npmDependencies(inRoot("tests/stacks")), name: "npm dependencies of tests/stacks" },
  { for: always,     ...wasmTarget() },
  { for: inBrowsers, ...rustSources() },
  { for: always,     ...cargoTool({ crate: "wasm-bindgen-cli", bin: "wasm-bindgen", version: lockedVersion("wasm-bindgen") }) },
  { for: ["test"],   ...cargoTool({ crate: "wasm-pack", version: "0.15.1" }) },
  { for: inBrowsers, ...debianPackage({ name: "chromium", find: chromiumPath, otherwise: chromium }) },
  { for: ["test"],   ...debianPackage({ name: "chromium-driver", find: chromedriverPath, otherwise: chromedriver }) },
  { for: ["test"],   ...optionalDebianPackage({ name: "firefox-esr", find: firefoxPath, without: firefox }) },
  { for: ["test"],   ...optionalDebianPackage({ name: "webkit2gtk-driver", find: webKitDriverPath, without: webKit }) },
  { for: ["test"],   ...optionalDebianPackage({ name: "xvfb", find: displayPath, without: webKit }) },
  { for: ["test"],   ...optionalDebianPackage({ name: "valgrind", without: "what the core costs is not counted" }) },
  { for: ["test"],   ...debianPackage({ name: "redis-server", otherwise: "install Redis (brew install redis)" }) },
  { for: ["test"],   ...pythonPackages() },
];
