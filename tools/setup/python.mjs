/** Python packages in an environment of their own, in the versions that a file pins. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { cacheDirectory, inRoot } from "../lib/paths.mjs";
import { onPath } from "../lib/programs.mjs";
import { Failure, announce } from "../lib/report.mjs";
import { ask, run } from "../lib/run.mjs";
import { canInstallDebianPackages, installDebianPackages } from "./debian.mjs";

const home = path.join(cacheDirectory, "tools/python");
const installed = path.join(home, "installed.txt");
const requirements = inRoot("tests/interop/python/requirements.txt");

/** The Python that has the packages of the tests; `npm run setup` makes it. */
export const pythonProgram = path.join(home, "bin/python");

/** What tests/interop/python/requirements.txt pins, for the tests only. */
export const pythonPackages = () => ({
  name: "Python packages of the tests",
  isReady: () => existsSync(pythonProgram) && existsSync(installed) && contentsAgree(),
  install: async () => {
    if (!hasVenv()) await installPython();
    announce("Installing the Python packages of the tests", "some seconds");
    rmSync(home, { recursive: true, force: true });
    mkdirSync(path.dirname(home), { recursive: true });
    await run("python3", ["-m", "venv", home], { limitSeconds: 120, remedy: ownRemedy });
    await installPackages();
    writeFileSync(installed, readFileSync(requirements));
  },
});

const ownRemedy =
  "install Python 3.9 or newer with its venv module (Debian: python3-venv; brew install python)";

const contentsAgree = () => readFileSync(installed, "utf8") === readFileSync(requirements, "utf8");

/** Debian keeps the module's inner part in another package: importing it shows nothing. */
const hasVenv = () =>
  Boolean(onPath("python3")) && ask("python3", ["-c", "import ensurepip, venv"]) !== undefined;

async function installPython() {
  if (!canInstallDebianPackages()) throw new Failure("python3 with venv is missing", ownRemedy);
  await installDebianPackages(["python3", "python3-venv"]);
}

const installPackages = () =>
  run(pythonProgram, ["-m", "pip", ...pipArguments], {
    limitSeconds: 300,
    remedy: "npm run setup (it needs to reach the Python package index)",
  });

const pipArguments = [
  "install",
  "--quiet",
  "--disable-pip-version-check",
  "--no-input",
  "--only-binary=:all:",
  "--requirement",
  requirements,
];
