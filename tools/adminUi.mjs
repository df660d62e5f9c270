/**
 * Takes the pages of the Socket.IO Admin UI from npm into the mock server: `node tools/adminUi.mjs`.
 *
 * They are kept in the repository, so that `cargo install` needs neither Node nor npm. Run it to take another
 * version: write that below, run it, and commit `mock-server/admin-ui`.
 *
 * The page asks two content delivery networks for its font and its icons. Here it does not: the text has the
 * system's font, and the icons that the page uses become masks in a style sheet.
 */
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { inRoot } from "./lib/paths.mjs";
import { Failure, main } from "./lib/report.mjs";
import { run } from "./lib/run.mjs";

const page = { name: "@socket.io/admin-ui", version: "0.5.1" };
const icons = { name: "@mdi/svg", version: "7.4.47" };
const destination = inRoot("mock-server/admin-ui");

main(async () => {
  const scratch = mkdtempSync(path.join(tmpdir(), "sockeye-admin-ui-"));
  try {
    const [pageFolder, iconFolder] = [
      await fetchPackage(page, scratch),
      await fetchPackage(icons, scratch),
    ];
    rmSync(destination, { recursive: true, force: true });
    mkdirSync(destination, { recursive: true });
    const used = writeFiles(path.join(pageFolder, "ui/dist"));
    write("icons.css", iconSheet([...used].sort(), iconFolder));
    writeFileSync(path.join(destination, "LICENSE"), licences(pageFolder, iconFolder));
    console.log(`${page.name} ${page.version} is in ${destination}, with ${used.size} icons`);
    return 0;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
});

/** Returns the folder that a package of npm was unpacked to. */
async function fetchPackage({ name, version }, scratch) {
  const folder = path.join(scratch, name.replace("/", "-"));
  mkdirSync(folder);
  const pack = ["pack", "--silent", `${name}@${version}`, "--pack-destination", folder];
  await run("npm", pack, {
    limitSeconds: 120,
    capture: true,
    remedy: "try again: npm must be reached",
  });
  const tarball = path.join(folder, readdirSync(folder)[0]);
  await run("tar", ["-xzf", tarball, "-C", folder]);
  return path.join(folder, "package");
}

/** Writes all but the source maps, and returns the names of the icons that the scripts mention. */
function writeFiles(dist) {
  const names = readdirSync(dist, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith(".map"))
    .map((entry) => path.relative(dist, path.join(entry.parentPath, entry.name)));
  const used = new Set();
  for (const name of names) {
    const content = readFileSync(path.join(dist, name));
    if (name === "index.html") write(name, rewritePage(content.toString()));
    else write(path.basename(name), content);
    if (name.endsWith(".js")) {
      for (const [, icon] of content.toString().matchAll(/\bmdi-([a-z][a-z-]*[a-z])\b/g))
        used.add(icon);
    }
  }
  return used;
}

/**
 * The page without what it loads from elsewhere. It begins with this server's address, which people would
 * have to write otherwise.
 */
function rewritePage(html) {
  const local = html
    .replaceAll(/<link rel="stylesheet" href="https:[^>]*>/g, "")
    .replace("</head>", '<link href="icons.css" rel="stylesheet"></head>')
    .replace('<script src="js/', '<script src="address.js"></script>$&');
  if (/(href|src)="https?:/.test(local))
    throw new Failure("the page still loads from elsewhere", undefined);
  write("address.js", addressScript);
  return local;
}

const addressScript = `try {
  if (localStorage.getItem("server_url") === null) {
    localStorage.setItem("server_url", location.origin);
    localStorage.setItem("path", "/admin/socket.io");
  }
} catch {
  // Without storage the address has to be written.
}
`;

function iconSheet(names, folder) {
  const shared =
    '.mdi::before{content:"";display:inline-block;width:1em;height:1em;background:currentColor;' +
    "mask:var(--icon) center/contain no-repeat;-webkit-mask:var(--icon) center/contain no-repeat}";
  const rules = names.map((name) => {
    const svg = readFileSync(path.join(folder, "svg", `${name}.svg`), "utf8");
    const [shape] = /<path d="[^"]*" ?\/>/.exec(svg);
    const drawing = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">${shape}</svg>`;
    return `.mdi-${name}{--icon:url("data:image/svg+xml,${encodeURIComponent(drawing)}")}`;
  });
  return [shared, ...rules, ""].join("\n");
}

function licences(pageFolder, iconFolder) {
  const text = (folder) => readFileSync(path.join(folder, "LICENSE"), "utf8").trim();
  return [
    `These files are compressed parts of ${page.name} ${page.version}, without what its page loads from elsewhere:`,
    `\n${text(pageFolder)}\n`,
    `and drawings of ${icons.name} ${icons.version} (icons.css), under the Apache License 2.0:`,
    `\n${text(iconFolder)}\n`,
  ].join("\n");
}

function write(name, content) {
  writeFileSync(path.join(destination, `${name}.gz`), gzipSync(content, { level: 9 }));
}
