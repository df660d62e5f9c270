/**
 * The area about herds: how many clients come to a server within the same tenth of a second when it fails, in
 * virtual time. The same figures come out each time.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { cargoTarget } from "../../../tools/lib/paths.mjs";
import { run } from "../../../tools/lib/run.mjs";
import { cargo } from "../../../tools/toolchain.mjs";
import { arrivalsIn } from "../support/herdChart.mjs";

const clients = { full: 1_000_000, quick: 100 };

export const herd = {
  title: "A million clients whose servers fail, in virtual time",
  notes: [
    "The most that come to a server within 100 ms, and how often a client tries, on average.",
  ],
  columns: { reference: "socket.io-client" },
  async measure({ quick, output }) {
    const program = path.join(cargoTarget, "release/sockeye-herd");
    await cargo(["build", "--quiet", "--release", "--package", "sockeye-herd"]);
    const printed = await run(program, [String(clients[quick ? "quick" : "full"])], {
      capture: true,
    });
    mkdirSync(output, { recursive: true });
    writeFileSync(arrivalsIn(output), printed);
    return JSON.parse(printed).flatMap(toRows);
  },
};

function toRows({ name, clients, ours, reference }) {
  const figures = (read) => ({ ours: [read(ours)], reference: [read(reference)] });
  const share = figures(({ worst }) => (worst * 100) / clients);
  const tries = figures(({ total }) => total / clients);
  return [
    { case: `${name}: at the same time`, unit: "%", ...share },
    { case: `${name}: attempts`, unit: "attempts", ...tries },
  ];
}
