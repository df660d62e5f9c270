/** What a process uses: as Linux tells it in `/proc`, and elsewhere `ps`. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** In one second; Linux has had no other figure for decades. */
const ticksPerSecond = 100;

/** Returns the resident memory of a process in kB, and the processor time in seconds. */
export const usageOf = (pid) => (process.platform === "linux" ? readProc(pid) : askPs(pid));

function readProc(pid) {
  const read = (name) => readFileSync(`/proc/${pid}/${name}`, "utf8");
  const residentKb = Number(/^VmRSS:\s+(\d+) kB/m.exec(read("status"))[1]);
  // The program's name, in parentheses, may have spaces.
  const fields = read("stat").split(") ").at(-1).split(" ");
  const ticks = Number(fields[11]) + Number(fields[12]);
  return { residentKb, cpuSeconds: ticks / ticksPerSecond };
}

function askPs(pid) {
  const printed = execFileSync("ps", ["-o", "rss=,time=", "-p", pid], { encoding: "utf8" });
  const [resident, time] = printed.trim().split(/\s+/);
  return { residentKb: Number(resident), cpuSeconds: toSeconds(time) };
}

/** Reads `[[days-]hours:]minutes:seconds`. */
function toSeconds(time) {
  const [clock, days = "0"] = time.split("-").reverse();
  const inClock = clock.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
  return Number(days) * 86_400 + inClock;
}
