/** The guides as the API reference shows them: by their titles, with the links that lead somewhere in it. */
import { cpSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { inRoot } from "../lib/paths.mjs";

const written = inRoot("target/guides");

/** They are not for those who use the package. */
const leftOut = ["releasing.md", "rust.md"];

/** Writes the guides and the README of the package; returns where they are. */
export function writeGuides() {
  rmSync(written, { recursive: true, force: true });
  cpSync(inRoot("docs"), written, { recursive: true });
  for (const name of leftOut) rmSync(path.join(written, name), { force: true });
  const names = readdirSync(written).filter((name) => name.endsWith(".md"));
  for (const name of names) change(path.join(written, name), (text) => withTitle(linked(text)));
  const readme = path.join(written, "readme", "README.md");
  cpSync(inRoot("pkg-template/README.md"), readme);
  change(readme, (text) => text.replace(title, ""));
  return { readme, guides: names.map((name) => path.join(written, name)) };
}

const change = (file, toOther) => writeFileSync(file, toOther(readFileSync(file, "utf8")));

const title = /^# (.*)\n+/;

const withTitle = (text) =>
  text.replace(
    title,
    (_, words) => `---\ntitle: ${JSON.stringify(words.replaceAll("`", ""))}\ngroup: Guides\n---\n`,
  );

/** Keeps the words of a link into the repository. */
const linked = (text) =>
  text.replaceAll(/\[([^\]]*)\]\(([^)\s]+)\)/g, (link, words, to) =>
    to.startsWith("../") || leftOut.includes(to.split("#")[0]) ? words : link,
  );
