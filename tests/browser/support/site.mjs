/** A web site with one page and the package as `npm install` puts it on disk. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { installedPackage } from "../../../tools/lib/paths.mjs";
import { listen } from "./listen.mjs";

const pages = fileURLToPath(new URL("../site/", import.meta.url));
const types = { ".html": "text/html", ".js": "text/javascript" };

/**
 * Serves `/` and `/sockeye/…`, with these headers; the page and its scripts are in `directory`.
 * `requests` are the paths asked for; a path put into `missing` is answered with 404.
 */
export async function startSite({ headers = {}, directory = pages } = {}) {
  const requests = [];
  const missing = new Set();
  const answer = async (request, response) => {
    const { pathname } = new URL(request.url, "http://site");
    requests.push(pathname);
    try {
      if (missing.has(pathname)) throw new Error("missing by intention");
      const file = fileOf(pathname, directory);
      const body = await readFile(file);
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

function fileOf(pathname, directory) {
  if (pathname.startsWith("/sockeye/")) {
    return path.join(installedPackage, "dist", path.basename(pathname));
  }
  return path.join(directory, pathname === "/" ? "index.html" : path.basename(pathname));
}
