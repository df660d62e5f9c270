/** The chart of the README: how many times as good each case is, drawn from `target/bench/`. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

/** What is shown of which area, in words for the chart. */
const shown = {
  dedup: {
    "137 B": "receive, drop duplicates, 137 B",
    "1.1 kB": "receive, drop duplicates, 1.1 kB",
  },
  receive: { "137 B": "receive, 137 B", "1.1 kB": "receive, 1.1 kB", "20 kB": "receive, 20 kB" },
  unheard: { "137 B": "receive, nobody listens, 137 B" },
  emit: {
    emit: "emit, 200 B",
    "request, one at a time": "request and answer",
    "request with a time limit, one at a time": "request with a time limit",
  },
  binary: {
    "1 kB, received": "receive 1 kB of binary data",
    "1 kB, sent": "send 1 kB of binary data",
  },
  worker: {
    "10,000 events/s, conflated per frame, in a worker": "10,000 events/s in a worker: busy",
  },
  network: { "processor time of the renderer per event": "all work of the page, real server" },
};

const width = 760;
const left = 270;
const row = { height: 30, bar: 18 };
const top = 56;

/** Returns the chart as SVG; it names the areas that have not been measured in an error. */
export function drawChart(directory) {
  const bars = Object.entries(shown).flatMap(([area, cases]) => {
    const file = path.join(directory, `${area}.json`);
    if (!existsSync(file)) throw new Error(`there are no results of the area ${area}`);
    const results = JSON.parse(readFileSync(file, "utf8"));
    return Object.entries(cases).map(([name, label]) => {
      const { ratio } = results.find((result) => result.case === name);
      return { label, ratio };
    });
  });
  return svg(bars);
}

function svg(bars) {
  const height = top + bars.length * row.height + 24;
  const most = Math.max(1, ...bars.map(({ ratio }) => ratio));
  const scale = (ratio) => (ratio * (width - left - 70)) / most;
  const one = left + scale(1);
  const texts = bars.map(({ label, ratio }) => `${label}: ${ratio.toFixed(2)}`).join("; ");
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title desc">
  <title id="title">Times as fast as socket.io-client 4.8, in Chromium</title>
  <desc id="desc">${texts}.</desc>
  <style>
    text { font: 14px system-ui, sans-serif; fill: #1f2328; }
    .name { text-anchor: end; }
    .head { font-weight: 600; }
    .bar { fill: #0a6ebd; }
    .slower { fill: #b35900; }
    .one { stroke: #59636e; stroke-dasharray: 4 3; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; }
      .bar { fill: #4aa3ec; }
      .slower { fill: #e3933f; }
      .one { stroke: #9198a1; }
    }
  </style>
  <text class="head" x="${left}" y="20">Times as fast as socket.io-client 4.8, in Chromium</text>
  <text x="${one}" y="42" text-anchor="middle">1</text>
  <line class="one" x1="${one}" x2="${one}" y1="${top - 8}" y2="${height - 20}" />
${bars.map((bar, at) => drawBar(bar, top + at * row.height, scale)).join("\n")}
</svg>
`;
}

function drawBar({ label, ratio }, y, scale) {
  const baseline = y + row.bar - 4;
  const length = scale(ratio);
  const kind = ratio < 1 ? "bar slower" : "bar";
  return `  <text class="name" x="${left - 10}" y="${baseline}">${label}</text>
  <rect class="${kind}" x="${left}" y="${y}" width="${length.toFixed(1)}" height="${row.bar}" rx="2" />
  <text x="${(left + length + 8).toFixed(1)}" y="${baseline}">${ratio.toFixed(2)}</text>`;
}
