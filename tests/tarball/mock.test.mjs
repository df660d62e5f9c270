/** The mock server as npm and cargo give it to people. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { platforms, thisPlatform } from "../../mock-server/npm/platforms.mjs";
import { lockedVersion } from "../../tools/lib/cargoLock.mjs";
import { inRoot } from "../../tools/lib/paths.mjs";
import { run } from "../../tools/lib/run.mjs";
import { cargo } from "../../tools/toolchain.mjs";
import { mockProgram } from "../browser/support/mock.mjs";

const patienceMs = 20_000;
const version = lockedVersion("sockeye-mock");
const here = thisPlatform();
const scratch = mkdtempSync(path.join(tmpdir(), "sockeye-mock-npm-"));
const packages = path.join(scratch, "packages");
const whole = path.join(scratch, "whole");
const launcherOf = (project) => path.join(project, "node_modules/sockeye-mock/launcher.mjs");
const tarball = (name) => path.join(packages, `${name}-${version}.tgz`);
const readManifest = (folder) =>
  JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));

before(async () => {
  const script = [inRoot("tools/mockPackages.mjs"), "--program", mockProgram, "--out", packages];
  await run(process.execPath, script, { capture: true });
  await install(whole, [tarball(here.name), tarball("sockeye-mock")]);
});

after(() => rmSync(scratch, { recursive: true, force: true }));

/** Makes a project with these packages, without asking anybody on the network. */
async function install(project, tarballs) {
  mkdirSync(project);
  writeFileSync(path.join(project, "package.json"), '{ "private": true }\n');
  const flags = ["--offline", "--no-audit", "--no-fund", "--cache", path.join(scratch, "cache")];
  const options = { cwd: project, capture: true, limitSeconds: 120 };
  await run("npm", ["install", ...flags, ...tarballs], options);
}

/** Runs a program to its end. */
async function outcome(command, args, cwd) {
  const child = spawn(command, args, { cwd });
  let [out, errors] = ["", ""];
  child.stdout.on("data", (data) => (out += data));
  child.stderr.on("data", (data) => (errors += data));
  const [code] = await once(child, "close");
  return { code, out, errors };
}

/** Starts a server, in a process group of its own as a terminal does it, and waits until it listens. */
async function startServer(t, command, args) {
  const stdio = ["ignore", "pipe", "ignore"];
  const child = spawn(command, [...args, "--port", "0", "--rate", "0"], {
    cwd: whole,
    stdio,
    detached: true,
  });
  t.after(() => endGroup(child.pid));
  const ended = once(child, "exit");
  const [line] = await Promise.race([
    once(createInterface({ input: child.stdout }), "line"),
    ended.then(([code]) => assert.fail(`it ended with ${code}`)),
  ]);
  return { child, ended, url: /^listening on (\S+)/.exec(line)[1] };
}

/** What a failed test has left. */
function endGroup(id) {
  try {
    process.kill(-id, "SIGKILL");
  } catch ({ code }) {
    assert.equal(code, "ESRCH");
  }
}

const isThere = (url) =>
  fetch(`${url}/healthz`).then(
    () => true,
    () => false,
  );

test("npx runs the program of this platform", async () => {
  const { code, out } = await outcome("npx", ["--offline", "sockeye-mock", "--version"], whole);
  assert.deepEqual([code, out.trim()], [0, `sockeye-mock ${version}`]);
});

test("what the program is told, and how it ends, is the caller's", async () => {
  const { code, errors } = await outcome(
    process.execPath,
    [launcherOf(whole), "--nonsense"],
    whole,
  );
  assert.equal(code, 2);
  assert.match(errors, /unexpected argument '--nonsense'/);
});

test("Ctrl-C ends the server that npx has started", async (t) => {
  const { child, url } = await startServer(t, "npx", ["--offline", "sockeye-mock"]);
  assert.equal(await isThere(url), true);
  process.kill(-child.pid, "SIGINT");
  await once(child, "close", { signal: AbortSignal.timeout(patienceMs) }); // all that write to its output
  assert.equal(await isThere(url), false);
});

test("a signal to the launcher alone ends the server, with its exit code", async (t) => {
  const { child, ended, url } = await startServer(t, process.execPath, [launcherOf(whole)]);
  child.kill("SIGTERM");
  assert.deepEqual(await ended, [0, null]);
  assert.equal(await isThere(url), false);
});

test("without the platform's package it says what to do", async () => {
  const project = path.join(scratch, "bare");
  await install(project, [tarball("sockeye-mock")]);
  const { code, errors } = await outcome(process.execPath, [launcherOf(project)], project);
  assert.equal(code, 1);
  assert.ok(errors.includes(`the package ${here.name}, which has the program, is not installed`));
  assert.match(errors, /npm install again, without --omit=optional/);
  assert.match(errors, /cargo install sockeye-mock/);
});

test("on a platform without a package it says what to do", async () => {
  const pretend = "data:text/javascript,Object.defineProperty(process,'platform',{value:'sunos'})";
  const args = ["--import", pretend, launcherOf(whole)];
  const { code, errors } = await outcome(process.execPath, args, whole);
  assert.equal(code, 1);
  assert.match(errors, /no package for sunos .*\n.*cargo install sockeye-mock/);
});

test("every platform's package is laid out, of one version, for it alone", () => {
  const { optionalDependencies, bin } = readManifest(path.join(packages, "sockeye-mock"));
  const names = platforms.map(({ name }) => name);
  assert.deepEqual(optionalDependencies, Object.fromEntries(names.map((name) => [name, version])));
  assert.deepEqual(bin, { "sockeye-mock": "launcher.mjs" });
  for (const { name, os, cpu, libc } of platforms) {
    const manifest = readManifest(path.join(packages, name));
    assert.deepEqual([manifest.os, manifest.cpu, manifest.version], [[os], [cpu], version]);
    assert.deepEqual(manifest.libc, libc && [libc]);
  }
});

test("the crate has everything that is compiled into it", async () => {
  const list = ["package", "--package", "sockeye-mock", "--list", "--allow-dirty", "--offline"];
  const files = (await cargo(list, { capture: true })).split("\n");
  const pages = readFileSync(inRoot("mock-server/src/admin/pages.rs"), "utf8");
  const names = [...pages.matchAll(/"([\w.-]+\.(?:html|js|css|svg|png))"/g)].map(
    ([, name]) => name,
  );
  assert.ok(names.includes("index.html"));
  for (const name of new Set(names)) assert.ok(files.includes(`admin-ui/${name}.gz`), name);
  for (const file of ["README.md", "LICENSE-MIT", "LICENSE-APACHE", "docs/admin-ui.png"]) {
    assert.ok(files.includes(file), file);
  }
});
