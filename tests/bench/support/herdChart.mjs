/** The chart of docs/herd.md: when the clients of a herd come to a server, drawn from `target/bench/`. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

/** Where the area `herd` leaves when the clients came. */
export const arrivalsIn = (directory) => path.join(directory, "herd-arrivals.json");

const width = 760;
const left = 64;
const right = 16;
const panel = { height: 196, top: 40, plot: 112 };
const top = 60;

/** The marks on an axis lie so far apart: the first of these of which there are no more than seven. */
const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20];

/** Returns the chart as SVG. */
export function drawHerd(directory) {
  const file = arrivalsIn(directory);
  if (!existsSync(file)) throw new Error("there are no results of the area herd");
  const outcomes = JSON.parse(readFileSync(file, "utf8")).map(toShares);
  const height = top + outcomes.length * panel.height;
  const worst = ({ name, ours, reference }) =>
    `${name}: ${percent(ours)} with Sockeye, ${percent(reference)} with socket.io-client`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title desc">
  <title id="title">Clients that come to a server within the same tenth of a second</title>
  <desc id="desc">At most, of all clients. ${outcomes.map(worst).join("; ")}.</desc>
  <style>
    text { font: 13px system-ui, sans-serif; fill: #1f2328; }
    .head { font-weight: 600; font-size: 14px; }
    .number { text-anchor: end; }
    .below { text-anchor: middle; }
    .grid { stroke: #d1d9e0; }
    .ours { fill: #0a6ebd; fill-opacity: 0.75; }
    .theirs { fill: #b35900; fill-opacity: 0.55; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; }
      .grid { stroke: #3d444d; }
      .ours { fill: #4aa3ec; }
      .theirs { fill: #e3933f; }
    }
  </style>
  <text class="head" x="${left}" y="20">Clients that come to a server within the same tenth of a second</text>
  <rect class="ours" x="${left}" y="34" width="14" height="10" /><text x="${left + 20}" y="43">Sockeye</text>
  <rect class="theirs" x="${left + 100}" y="34" width="14" height="10" /><text x="${left + 120}" y="43">socket.io-client 4.8</text>
${outcomes.map((outcome, at) => drawPanel(outcome, top + at * panel.height)).join("\n")}
</svg>
`;
}

/** Percents of all clients instead of counts. */
function toShares({ name, clients, bucketMs, ours, reference }) {
  const shares = ({ served }) => served.map((count) => (count * 100) / clients);
  return { name, bucketMs, ours: shares(ours), reference: shares(reference) };
}

const percent = (shares) => `${Math.max(...shares).toFixed(2)} %`;

function drawPanel({ name, bucketMs, ours, reference }, y) {
  const both = [ours, reference];
  // Where the last few of a million come is not to be seen.
  const end = Math.max(...both.map((shares) => shares.findLastIndex((share) => share > 0.01))) + 10;
  const start = Math.max(0, Math.min(...both.map((s) => s.findIndex((share) => share > 0))) - 20);
  const most = Math.max(...both.flat());
  const bottom = y + panel.top + panel.plot;
  const across = (bucket) => left + ((bucket - start) * (width - left - right)) / (end - start);
  const up = (share) => bottom - (share * panel.plot) / most;
  const seconds = marks((start * bucketMs) / 1_000, (end * bucketMs) / 1_000);
  const head = `${name}: at most ${percent(ours)}, and ${percent(reference)}`;
  return `  <text class="head" x="${left}" y="${y + 26}">${head[0].toUpperCase()}${head.slice(1)}</text>
${marks(0, most)
  .map((share) => drawShare(share, up(share)))
  .join("\n")}
${seconds.map((second) => drawSecond(second, across((second * 1_000) / bucketMs), bottom)).join("\n")}
  <path class="theirs" d="${outline(reference, start, end, across, up)}" />
  <path class="ours" d="${outline(ours, start, end, across, up)}" />`;
}

/** Where an axis from `low` to `high` has its marks. */
function marks(low, high) {
  const step = steps.find((candidate) => (high - low) / candidate <= 7);
  const first = Math.ceil(low / step);
  const count = Math.floor(high / step) - first + 1;
  return Array.from({ length: count }, (_, at) => Number(((first + at) * step).toFixed(1)));
}

const drawShare = (share, y) =>
  `  <line class="grid" x1="${left}" x2="${width - right}" y1="${y.toFixed(1)}" y2="${y.toFixed(1)}" /><text class="number" x="${left - 8}" y="${(y + 4).toFixed(1)}">${share} %</text>`;

const drawSecond = (second, x, bottom) =>
  `  <text class="below" x="${x.toFixed(1)}" y="${bottom + 18}">${second} s</text>`;

/** The outline of steps, one for each bucket. */
function outline(shares, start, end, across, up) {
  const buckets = Array.from({ length: end - start }, (_, at) => start + at);
  const parts = buckets.map((bucket) => {
    const height = up(shares[bucket] ?? 0).toFixed(1);
    return `V${height}H${across(bucket + 1).toFixed(1)}`;
  });
  return `M${across(start).toFixed(1)} ${up(0).toFixed(1)}${parts.join("")}V${up(0).toFixed(1)}Z`;
}
