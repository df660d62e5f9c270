/** Every file that is published has a reason to be. */
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { inflateSync } from "node:zlib";
import { root } from "../../tools/lib/paths.mjs";
import { entries, files, manifest, read, readBytes } from "./support/package.mjs";

const wasm = path.posix.normalize(manifest.exports["./sockeye.wasm"]);

/** The first rule that a file matches is its reason. */
const reasons = [
  [/^package\.json$/, "npm, Node and bundlers read it"],
  [/^README\.md$/, "npm shows it"],
  [/^LICENSE-(MIT|APACHE|THIRD-PARTY)$/, "the licences, which go with every copy"],
  [/^dist\/[\w-]+\.m?js$/, "ES modules"],
  [/^dist\/[\w-]+\.cjs$/, "the same for those who require it"],
  [/^dist\/sockeye\.wasm$/, "the wasm for those whose pages get it as a file of its own"],
  [/^dist\/[\w-]+\.d\.m?ts$/, "the types of the ES modules"],
  [/^dist\/[\w-]+\.d\.cts$/, "the types of the CommonJS modules"],
];

test("every file is on the list", () => {
  const others = files.filter((file) => !reasons.some(([pattern]) => pattern.test(file)));
  assert.deepEqual(others, []);
});

test("every rule has a file", () => {
  const unused = reasons.filter(([pattern]) => !files.some((file) => pattern.test(file)));
  assert.deepEqual(unused, []);
});

test("every file of dist is needed by an entry", () => {
  const needed = new Set([...entries.flatMap(toFiles), wasm]);
  for (const file of needed) importsOf(file).forEach((imported) => needed.add(imported));
  const published = files.filter((file) => file.startsWith("dist/"));
  assert.deepEqual([...needed].sort(), published);
});

test("no file names a source map", () => {
  const withMaps = files.filter((file) => /sourceMappingURL=|sourcesContent/.test(read(file)));
  assert.deepEqual(withMaps, []);
});

test("no file names a path of the machine that built it", () => {
  const home = /(^|[\s"`(])(file:\/\/)?\/(home|Users|root|tmp)\/\w/m;
  const ofMachine = /\/(home|Users|root|tmp)\/\w+\/|\.cargo\/registry/;
  const named = files.filter((file) => {
    const payload = payloadOf(file);
    return home.test(read(file)) || ofMachine.test(payload) || payload.includes(root);
  });
  assert.deepEqual(named, []);
});

test("the file of the wasm is that of the scripts, and says so", () => {
  const module = new WebAssembly.Module(readBytes(wasm));
  const [section] = WebAssembly.Module.customSections(module, "sockeye");
  const name = Buffer.from(section).toString();
  assert.match(name, /^[\da-f]{16}$/);
  const inside = Buffer.from(payloadOf("dist/payload.js"), "latin1");
  assert.deepEqual(readBytes(wasm).subarray(0, inside.length), inside);
  assert.ok(files.some((file) => file.endsWith(".js") && read(file).includes(`"${name}"`)));
});

/** The wasm in a module, where texts follow each other without anything in between. */
function payloadOf(file) {
  if (file === wasm) return readBytes(file).toString("latin1");
  const [, data] = /"([\w+/=]{10000,})"/.exec(read(file)) ?? [];
  return data ? inflateSync(Buffer.from(data, "base64")).toString("latin1") : "";
}

test("no script runs when it is installed", () => {
  assert.equal(manifest.scripts, undefined);
});

/** The files that the manifest names for an entry. */
function toFiles({ name }) {
  const conditions = manifest.exports[name === "index" ? "." : `./${name}`];
  const named = JSON.stringify(conditions).match(/\.\/dist\/[\w.-]+/g);
  return named.map((file) => path.posix.normalize(file));
}

/** What a module or a declaration imports of the package. */
function importsOf(file) {
  const isDeclaration = /\.d\.[cm]?ts$/.test(file);
  const specifiers = read(file).matchAll(
    /(?:from|import|require)\s*\(?\s*["'](\.\.?\/[^"']+)["']/g,
  );
  return [...specifiers].map(([, specifier]) => {
    const imported = path.posix.join(path.posix.dirname(file), specifier);
    return isDeclaration ? imported.replace(/\.([cm]?)js$/, ".d.$1ts") : imported;
  });
}
