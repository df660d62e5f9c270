/**
 * Makes the mock server's npm packages in target/npm-mock: `npm run mock-packages [-- --target <Rust target>] [-- --program <file>]`.
 *
 * One package, `sockeye-mock`, finds the program, which is in one package for each platform. All of them are laid out;
 * the program is compiled for this platform, or for `--target`, unless `--program` has it. docs/releasing.md says how the other
 * platforms get theirs.
 */
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { platforms, thisPlatform } from "../mock-server/npm/platforms.mjs";
import { lockedVersion } from "./lib/cargoLock.mjs";
import { cargoTarget, inRoot } from "./lib/paths.mjs";
import { Failure, announce, main } from "./lib/report.mjs";
import { run } from "./lib/run.mjs";
import { cargo } from "./toolchain.mjs";

const launcher = inRoot("mock-server/npm");
const licences = ["LICENSE-APACHE", "LICENSE-MIT"];
const executable = 0o755;

main(async (args) => {
  const { target, program, out } = parse(args);
  const platform = target ? platformOf(target) : thisPlatform();
  if (!platform) throw new Failure("this platform has no package", "give a --target");
  const file = program ?? (await compile(platform.target, Boolean(target)));
  rmSync(out, { recursive: true, force: true });
  const tarballs = await packAll(out, platform, file);
  console.log(`${tarballs.join("\n")}\nwithout a program, in ${out}:`);
  for (const other of platforms.filter((each) => each !== platform)) {
    console.log(`${other.name}: npm run mock-packages -- --target ${other.target}`);
  }
});

function parse(args) {
  const options = {
    target: { type: "string" },
    program: { type: "string" },
    out: { type: "string", default: inRoot("target/npm-mock") },
  };
  return parseArgs({ args, options }).values;
}

function platformOf(target) {
  const platform = platforms.find((each) => each.target === target);
  if (platform) return platform;
  const targets = platforms.map((each) => each.target).join(" ");
  throw new Failure(`there is no package for ${target}`, `one of: ${targets}`);
}

/** The names of the program's functions are left out; they are most of its size. */
async function compile(target, isNamed) {
  announce(`Compiling the mock server for ${target}`, "some minutes");
  const which = ["--package", "sockeye-mock", "--bin", "sockeye-mock"];
  const where = isNamed ? ["--target", target] : [];
  const command = ["rustc", "--quiet", "--release", "--locked", ...which, ...where];
  await cargo([...command, "--", "-C", "strip=symbols"], {
    remedy: isNamed ? `rustup target add ${target}, on that platform` : undefined,
  });
  const { program } = platformOf(target);
  return path.join(cargoTarget, ...(isNamed ? [target] : []), "release", program);
}

/** Lays out all packages; returns the tarballs of those that are complete, the launcher last. */
async function packAll(out, platform, program) {
  const launcherManifest = readLauncherManifest();
  for (const each of platforms) layOutPlatform(out, each, launcherManifest);
  const place = path.join(out, platform.name, platform.program);
  copyFileSync(program, place);
  chmodSync(place, executable);
  layOutLauncher(out, launcherManifest);
  const pack = ["pack", "--silent", "--ignore-scripts", "--pack-destination", out];
  const folders = [platform.name, launcherManifest.name].map((name) => path.join(out, name));
  await run("npm", [...pack, ...folders], { capture: true, limitSeconds: 120 });
  return folders.map((folder) => `${folder}-${launcherManifest.version}.tgz`);
}

function readLauncherManifest() {
  const manifest = JSON.parse(readFileSync(path.join(launcher, "package.json"), "utf8"));
  const version = lockedVersion("sockeye-mock");
  if (manifest.version === version) return manifest;
  throw new Failure(
    `mock-server/npm/package.json has version ${manifest.version}, the crate ${version}`,
    "write the same version in both",
  );
}

function layOutPlatform(out, { name, os, cpu, libc, target, program }, { version, license }) {
  const description = `The program of sockeye-mock for ${target}`;
  const only = { os: [os], cpu: [cpu], ...(libc && { libc: [libc] }) };
  const manifest = { name, version, description, license, ...only, files: [program] };
  const readme = `# ${name}\n\n${description}. Install \`sockeye-mock\`, which finds it.\n`;
  layOut(path.join(out, name), { ...manifest, preferUnplugged: true }, readme);
}

function layOutLauncher(out, manifest) {
  const versions = platforms.map(({ name }) => [name, manifest.version]);
  const folder = path.join(out, manifest.name);
  const readme = readFileSync(inRoot("mock-server/README.md"), "utf8");
  layOut(folder, { ...manifest, optionalDependencies: Object.fromEntries(versions) }, readme);
  for (const file of manifest.files) {
    copyFileSync(path.join(launcher, file), path.join(folder, file));
  }
}

function layOut(folder, manifest, readme) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  writeFileSync(path.join(folder, "README.md"), readme);
  for (const file of licences) copyFileSync(inRoot(file), path.join(folder, file));
}
