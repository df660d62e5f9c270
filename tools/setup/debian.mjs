/** Packages of Debian and its relatives, where this user may install them. */
import { announce } from "../lib/report.mjs";
import { onPath } from "../lib/programs.mjs";
import { run } from "../lib/run.mjs";

export const canInstallDebianPackages = () =>
  process.getuid?.() === 0 && Boolean(onPath("apt-get"));

/** Installs packages in the version that the distribution has. */
export async function installDebianPackages(names) {
  announce(`Installing ${names.join(", ")} with apt-get`, "up to a few minutes");
  await apt(["update"], 180);
  await apt(["install", "--yes", "--no-install-recommends", ...names], 900);
}

const apt = (args, limitSeconds) =>
  run("apt-get", ["--quiet", "--quiet", "--option", "DPkg::Lock::Timeout=120", ...args], {
    limitSeconds,
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    remedy: `apt-get ${args.join(" ")}`,
  });
