/**
 * Publishes the packages and the crates: `npm run release [-- --dry-run]`.
 *
 * Every step runs, so that one run tells everything that is missing; nothing is published unless all
 * have succeeded. docs/releasing.md says what a version means.
 */
import { readFileSync, readdirSync } from "node:fs";
import { parseArgs } from "node:util";
import { thisPlatform } from "../mock-server/npm/platforms.mjs";
import { lockedVersion } from "./lib/cargoLock.mjs";
import { inRoot } from "./lib/paths.mjs";
import { Failure, announce, dim, green, main, red, since } from "./lib/report.mjs";
import { ask, run, runNode } from "./lib/run.mjs";
import { findProblems } from "./release/versions.mjs";
import { cargo } from "./toolchain.mjs";

const quiet = { capture: true };

/** In this order; each throws what is wrong. */
const steps = {
  "the working tree is clean": needCleanTree,
  "package, crate and changelog have one version": needOneVersion,
  "the tag is free": needFreeTag,
  "the package builds": () => runNode("tools/build.mjs", ["--std", "small"], quiet),
  "the mock server's packages build": () => runNode("tools/mockPackages.mjs", [], quiet),
  "the tarballs pass their tests": () => runNode("tests/tarball/run.mjs", [], quiet),
  "npm would take them": () => publishPackages(["--dry-run"]),
  "crates.io would take the crates": () => publishCrates(["--dry-run", "--allow-dirty"]),
};

main(async (args) => {
  const options = { "dry-run": { type: "boolean", default: false } };
  const isDry = parseArgs({ args, options }).values["dry-run"];
  const tag = tagOf(lockedVersion("sockeye"));
  announce(`${isDry ? "Rehearsing" : "Releasing"} ${tag}`, "some minutes");
  const failed = await failedSteps();
  if (failed.length > 0) throw new Failure(`${tag} cannot be released: ${failed.join("; ")}`);
  if (isDry) return console.log(`${green("ready")} ${tag}: npm run release`) ?? 0;
  return publish(tag);
});

async function failedSteps() {
  const failed = [];
  for (const [name, step] of Object.entries(steps)) {
    const start = performance.now();
    try {
      await step();
      console.log(`${green("ok    ")} ${name} ${dim(since(start))}`);
    } catch (failure) {
      failed.push(name);
      console.log(`${red("FAILED")} ${name} ${dim(since(start))}\n${failure.output ?? ""}`);
      console.log(failure.message);
      if (failure.remedy) console.log(`  to mend it: ${failure.remedy}`);
    }
  }
  return failed;
}

async function publish(tag) {
  await publishPackages([]);
  await publishCrates(["--no-verify"]); // they were compiled in the rehearsal
  await run("git", ["tag", "--annotate", tag, "--message", tag]);
  console.log(`${green("released")} ${tag}; now: git push origin ${tag}`);
  return 0;
}

function needCleanTree() {
  const changes = ask("git", ["status", "--porcelain"]);
  if (changes === "") return;
  throw new Failure(`there are changes:\n${changes}`, "git commit");
}

function needOneVersion() {
  const problems = findProblems({
    crate: lockedVersion("sockeye"),
    package: versionIn("pkg-template/package.json"),
    mock: versionIn("mock-server/npm/package.json"),
    changelog: readFileSync(inRoot("CHANGELOG.md"), "utf8"),
  });
  if (problems.length > 0) throw new Failure(problems.join("\n"));
}

function needFreeTag() {
  const tag = tagOf(lockedVersion("sockeye"));
  if (ask("git", ["tag", "--list", tag]) === "") return;
  throw new Failure(`there is a tag ${tag}`, "choose the next version");
}

const tagOf = (version) => `v${version}`;

const versionIn = (manifest) => JSON.parse(readFileSync(inRoot(manifest), "utf8")).version;

/** What is published is the files that were tested; of the mock server's the launcher comes last. */
async function publishPackages(flags) {
  const version = lockedVersion("sockeye-mock");
  const names = [thisPlatform().name, "sockeye-mock"];
  const ofMock = names.map((name) => `./target/npm-mock/${name}-${version}.tgz`);
  for (const tarball of [`./pkg/${readdirSync(inRoot("pkg"))[0]}`, ...ofMock]) {
    const args = ["publish", tarball, "--access", "public", "--ignore-scripts", ...flags];
    await run("npm", args, { ...quiet, limitSeconds: 120 });
  }
}

async function publishCrates(flags) {
  for (const crate of ["sockeye", "sockeye-mock"]) {
    const args = ["publish", "--quiet", "--package", crate, ...flags];
    await cargo(args, { ...quiet, limitSeconds: 600 });
  }
}
