/** What a build makes its users load: before a client connects, and because one does. */
import path from "node:path";
import { gzipSync } from "node:zlib";

const counted = new Set([".js", ".mjs", ".wasm"]);

/** Returns the code among the files that a site has served so far, by path. */
export const codeOf = ({ served }) =>
  new Map([...served].filter(([pathname]) => counted.has(path.extname(pathname))));

/** Returns the bytes of the files loaded `before` the client, and of those loaded `after` in addition. */
export function measure(before, after) {
  const additional = [...after].filter(([pathname]) => !before.has(pathname));
  return {
    initial: sizeOf([...before.values()]),
    lazy: sizeOf(additional.map(([, body]) => body)),
  };
}

function sizeOf(bodies) {
  const sum = (size) => bodies.reduce((total, body) => total + size(body), 0);
  return {
    files: bodies.length,
    raw: sum((body) => body.length),
    gzip: sum((body) => gzipSync(body, { level: 9 }).length),
  };
}

/** Fills `served` of a site that another program serves with what a page gets from it. */
export function watchResponses(page, { url, served }) {
  const reading = [];
  page.on("response", (response) => {
    const { origin, pathname } = new URL(response.url());
    if (origin !== url || !response.ok()) return;
    const keep = (body) => void served.set(pathname, body);
    reading.push(response.body().then(keep, () => {})); // a redirection has none
  });
  return { done: () => Promise.all(reading) };
}
