/** A web site with one page and the package as `npm install` puts it on disk. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { installedPackage } from "../../../tools/lib/paths.mjs";
import { listen } from "./listen.mjs";
import { mode } from "./modes.mjs";

const pages = fileURLToPath(new URL("../site/", import.meta.url));
const types = { ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm" };

/** Pages know where clients have their cores. */
const html = `<html data-client-mode="${mode}"`;

/** Before the paths of a site whose package has a database of a later version. */
const later = "/later/";

/**
 * Serves `/` and `/sockeye/…`, with these headers; the page and its scripts are in `directory`.
 * `requests` are the paths asked for; a path put into `missing` is answered with 404. Below
 * `/later/` is the same once more, with a package that stands for a later version.
 */
export async function startSite({ headers = {}, directory = pages } = {}) {
  const requests = [];
  const missing = new Set();
  const answer = async (request, response) => {
    const { pathname } = new URL(request.url, "http://site");
    requests.push(pathname);
    try {
      if (missing.has(pathname)) throw new Error("missing by intention");
      const isLater = pathname.startsWith(later);
      const file = fileOf(isLater ? pathname.slice(later.length - 1) : pathname, directory);
      const text = isLater ? toLater(await readFile(file, "utf8")) : await readFile(file);
      const body = file.endsWith(".html") ? String(text).replace("<html", html) : text;
      const type = types[path.extname(file)];
      response.writeHead(200, { "content-type": type, "cache-control": "no-store", ...headers });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  };
  const site = await listen((request, response) => void answer(request, response));
  return { ...site, requests, missing };
}

/** What a later version changes: the number of the schema, and nothing of what is there. */
function toLater(text) {
  return text
    .replaceAll(/(["'])\/(sockeye\/|page\.js)/g, `$1${later}$2`)
    .replace(
      "openDB(this.#name, 1, { upgrade })",
      "openDB(this.#name, 2, { upgrade: (database, old) => old || upgrade(database) })",
    );
}

function fileOf(pathname, directory) {
  if (pathname.startsWith("/sockeye/")) {
    return path.join(installedPackage, "dist", path.basename(pathname));
  }
  return path.join(directory, pathname === "/" ? "index.html" : path.basename(pathname));
}
