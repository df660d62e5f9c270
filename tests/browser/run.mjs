/**
 * Everything that needs a browser: `npm run test:browser [-- wasm | in-worker | bench | <part of a file's name> ...]`.
 *
 * First the crate's own tests, compiled for wasm32, then the package with its core in a worker and in a shared one, the package and the demo in pages of Chromium,
 * and the package in Firefox (`-- firefox`) and WebKitGTK (`-- webkit`) where they are installed. The servers
 * that they talk to are started here and by the tests, on free ports.
 */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { chromedriverPath } from "../../tools/chromium.mjs";
import { cargoTarget, inRoot } from "../../tools/lib/paths.mjs";
import { Failure, announce, main } from "../../tools/lib/report.mjs";
import { run } from "../../tools/lib/run.mjs";
import { cargo, cargoEnvironment } from "../../tools/toolchain.mjs";
import { startMock } from "./support/mock.mjs";
import { testsInWorkers } from "./support/modes.mjs";
import { startProxy } from "./support/proxy.mjs";
import { needDemo, needMock, needPackage, runTestFiles } from "./support/runner.mjs";

main(async (names) => {
  await needMock();
  if (names.length === 0 || names.includes("wasm")) await testCrate();
  if (names.length === 1 && names[0] === "wasm") return;
  await needPackage();
  if (names.length === 0 || names.includes("in-worker")) await testInWorker();
  if (names.length === 1 && names[0] === "in-worker") return;
  await needDemo();
  const parts = ["support", "package", "engines", "demo", "mock"];
  const folders = parts.map((part) => `browser/${part}`);
  const others = names.filter((name) => name !== "bench");
  if (names.length === 0 || others.length > 0) await runTestFiles(folders, others);
  // It takes all of the machine, of which the others have time limits.
  if (names.length === 0 || names.includes("bench")) await testMeasurements();
});

/** What they measure with is compiled before, because the test has a time limit. */
async function testMeasurements() {
  announce("Compiling what is measured with", "a minute or two the first time");
  await cargo(["build", "--quiet", "--release", "--package", "sockeye-herd"]);
  await runTestFiles(["browser/bench"]);
}

/** The tests of the package twice more, with clients whose cores are in workers, and in shared ones. */
async function testInWorker() {
  for (const [mode, what] of Object.entries({ worker: "a worker", shared: "a shared worker" })) {
    announce(`Testing the package with its core in ${what}`, "three minutes");
    await runTestFiles(["browser/package"], testsInWorkers(), { SOCKEYE_CLIENT_MODE: mode });
  }
}

/** `tests/web.rs` and `tests/rust_api.rs` in a browser, with a mock server whose address is compiled into them. */
async function testCrate() {
  announce("Testing the crate in a browser", "about a minute the first time");
  const chromedriver = chromedriverPath();
  if (!chromedriver) throw new Failure("there is no chromedriver", "npm run setup");
  const mock = await startMock();
  const proxy = await startProxy();
  try {
    const browser = ["--headless", "--chrome", "--chromedriver", chromedriver];
    const timeout = { WASM_BINDGEN_TEST_TIMEOUT: "120" };
    const env = {
      ...cargoEnvironment(),
      ...timeout,
      SOCKEYE_MOCK_URL: mock.url,
      WASM_BINDGEN_TEST_WEBDRIVER_JSON: writeCapabilities(proxy.arguments),
    };
    for (const tests of [["web"], ["rust_api", "--features", "rust-api"]]) {
      const args = ["test", ...browser, inRoot(), "--test", ...tests];
      await run("wasm-pack", args, { env, limitSeconds: 600 });
    }
  } finally {
    await proxy.stop();
    await mock.stop();
  }
}

/** Writes what Chromium is started with in these tests, and returns where. */
function writeCapabilities(chromiumArguments) {
  const capabilities = JSON.parse(readFileSync(inRoot("webdriver.json"), "utf8"));
  capabilities["goog:chromeOptions"].args.push(...chromiumArguments);
  const file = path.join(cargoTarget, "webdriver.json");
  writeFileSync(file, JSON.stringify(capabilities));
  return file;
}
