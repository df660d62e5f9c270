/** Serves what a consumer has built, as a plain web server does. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { listen } from "../../browser/support/listen.mjs";

const types = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".json": "application/json",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};

/**
 * Serves a folder with these headers. A path without an extension that is no folder of its own is the
 * page's: it has routes. `served` are the files asked for, by path.
 */
export async function serveFiles(directory, headers = {}) {
  const served = new Map();
  const answer = async ({ url }, response) => {
    const { pathname } = new URL(url, "http://site");
    const file = await firstReadable(candidates(directory, pathname));
    if (!file) return response.writeHead(404).end();
    served.set(pathname, file.body);
    const type = types[path.extname(file.name)] ?? "application/octet-stream";
    response.writeHead(200, { "content-type": type, "cache-control": "no-store", ...headers });
    return response.end(file.body);
  };
  const site = await listen((request, response) => void answer(request, response));
  return { ...site, served };
}

function candidates(directory, pathname) {
  const named = path.join(directory, path.normalize(pathname));
  if (path.extname(pathname)) return [named];
  return [path.join(named, "index.html"), path.join(directory, "index.html")];
}

async function firstReadable(names) {
  for (const name of names) {
    const body = await readFile(name).catch(() => undefined);
    if (body) return { name, body };
  }
  return undefined;
}
