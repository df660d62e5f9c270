/** Installs a consumer and takes it through its modes. */
import { readdirSync } from "node:fs";
import path from "node:path";
import { chromium } from "playwright-core";
import { chromiumArguments, chromiumPath } from "../../../tools/chromium.mjs";
import { inRoot } from "../../../tools/lib/paths.mjs";
import { Failure } from "../../../tools/lib/report.mjs";
import { inTime } from "../../browser/engines/support/remote.mjs";
import { exitOnSignals } from "../../browser/support/signals.mjs";
import { needPackage } from "../../browser/support/runner.mjs";
import { runCommands, startServer } from "./commands.mjs";
import { installedVersions } from "./consumers.mjs";
import { startDesk } from "./desk.mjs";
import { serveFiles } from "./files.mjs";
import { install, uninstall } from "./install.mjs";
import { codeOf, measure } from "./shipped.mjs";
import { visit, visitIdle, visitOnly } from "./visit.mjs";

/** Builds, servers and pages have limits of their own; this one is for what else may never end. */
const modeLimitMs = 600_000;

/** Returns the packed package; builds it if there is none. */
export async function needTarball() {
  await needPackage();
  const name = readdirSync(inRoot("pkg")).find((file) => file.endsWith(".tgz"));
  if (!name) throw new Failure("there is no packed package", "npm run build");
  return inRoot("pkg", name);
}

export async function newBrowser() {
  const executablePath = chromiumPath();
  if (!executablePath) throw new Failure("there is no Chromium", "npm run setup");
  exitOnSignals(); // Playwright ends its browser at an exit.
  return chromium.launch({ executablePath, args: chromiumArguments });
}

/** Resolves with a result for the installation and each mode; `told` gets each as soon as it is there. */
export async function runConsumer(consumer, { workshop, browser, told }) {
  const results = [];
  const note = (result) => {
    results.push(result);
    told(result);
  };
  let directory;
  const installed = await attempt(consumer, "install", async () => {
    directory = await install(consumer, workshop);
  });
  note(installed);
  for (const [mode, how] of installed.passed ? Object.entries(consumer.modes) : []) {
    const tools = installedVersions(directory, consumer.tools);
    const running = () => runMode(how, { directory, browser });
    const result = await attempt(consumer, mode, () => inTime(running(), "its end", modeLimitMs));
    note({ ...result, tools });
  }
  uninstall(consumer, workshop);
  return results;
}

async function attempt({ name }, mode, work) {
  const start = performance.now();
  const seconds = () => Math.round((performance.now() - start) / 1_000);
  const common = { consumer: name, mode, tools: {} };
  try {
    const shipped = await work();
    return { ...common, passed: true, seconds: seconds(), ...(shipped && { shipped }) };
  } catch (failure) {
    const { message, output, remedy } = failure;
    return { ...common, passed: false, seconds: seconds(), problem: message, output, remedy };
  }
}

async function runMode(how, { directory, browser }) {
  if (how.build) await runCommands(how.build, directory, {}, how.buildLimitSeconds);
  const desk = await startDesk();
  try {
    if (!how.run) return await visitSite(how, { directory, browser, desk });
    await runCommands(how.run, directory, { server: desk.url });
    return await desk.served();
  } finally {
    await desk.stop();
  }
}

/** Opens the page twice, without a server and with one: what is loaded only then is loaded lazily. */
async function visitSite(how, { directory, browser, desk }) {
  const site = { ...(await startSite(how, directory, desk)), directory };
  try {
    if (how.checkOnly) return await visitOnly(browser, site, desk, how);
    const idleListeners = await visitIdle(browser, site, how);
    const before = codeOf(site);
    await visit(browser, site, desk, how, idleListeners);
    return how.build || how.countsBytes ? measure(before, codeOf(site)) : undefined;
  } finally {
    await site.stop();
  }
}

function startSite({ files, headers = {}, serve }, directory, { url }) {
  if (!files) return startServer(serve, directory);
  const fill = (text) =>
    text.replace("{server}", url).replace("{socket}", url.replace("http", "ws"));
  const filled = Object.entries(headers).map(([name, value]) => [name, fill(value)]);
  return serveFiles(path.join(directory, files), Object.fromEntries(filled));
}
