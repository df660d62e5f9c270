/** Tables of a document in Markdown, each the first one below its title. */
import { Failure } from "../lib/report.mjs";

/** Returns the cells of the rows below the header. */
export function readTable(document, title) {
  const [, , ...rows] = linesOf(document, title);
  return rows.map((line) => {
    const cells = line.split("|").slice(1, -1);
    return cells.map((cell) => cell.trim());
  });
}

/** Returns the document with another table in the place of that one; numbers of `header` stand to the right. */
export function replaceTable(document, title, header, rows) {
  const before = linesOf(document, title).join("\n");
  const line = (cells) => `| ${cells.join(" | ")} |`;
  const names = header.map((column) => column.replace("#", "").trim());
  const rule = header.map((column) => (column.startsWith("#") ? "--:" : "---"));
  return document.replace(before, () => [names, rule, ...rows].map(line).join("\n"));
}

function linesOf(document, title) {
  const [, below] = document.split(`\n## ${title}\n`);
  const table = /(?:^\|.*\|$\n?)+/m.exec(below?.split("\n## ")[0] ?? "");
  if (!table) throw new Failure(`there is no table below “${title}”`);
  return table[0].trimEnd().split("\n");
}
