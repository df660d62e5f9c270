/**
 * The types of the package: what the compiler says of the sources, as far as an entry leads to it.
 *
 * Those who `require` the package need declarations that say that they are CommonJS, all the way down;
 * so the same files stand there a second time as `.d.cts`.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { inRoot, npmBin } from "../lib/paths.mjs";
import { Failure } from "../lib/report.mjs";
import { run } from "../lib/run.mjs";
import { requiredNames } from "./entries.mjs";

/** Where the compiler leaves the declarations of all sources; see declarations.tsconfig.json. */
const emitted = inRoot("target/declarations");

/** How a declaration names another one of the package. */
const relativeImport = /((?:from|import)\s*\(?\s*")(\.\.?\/[^"]+)\.js"/g;

/**
 * Writes the declarations of the entries into `outdir`.
 *
 * @param {ReturnType<typeof import("./entries.mjs").entriesOf>} entries
 */
export async function declare(entries, outdir) {
  rmSync(emitted, { recursive: true, force: true });
  await run(npmBin("tsc"), ["--project", inRoot("tools/build/declarations.tsconfig.json")]);
  for (const [name, text] of reachableFrom(entries.map(({ name }) => name))) {
    const { file } = entries.find((entry) => entry.name === name) ?? { file: `${name}.js` };
    const own = new RegExp(`"\\./${name}\\.js"`, "g"); // some entries name themselves in their types
    write(path.join(outdir, toDeclaration(file)), text.replaceAll(own, `"./${file}"`));
  }
  for (const [name, text] of reachableFrom(requiredNames(entries))) {
    write(path.join(outdir, `${name}.d.cts`), text.replaceAll(relativeImport, '$1$2.cjs"'));
  }
}

const toDeclaration = (file) => file.replace(/\.(m?)js$/, ".d.$1ts");

/** Returns the declarations that these import, and they themselves, by name. */
function reachableFrom(entries) {
  const names = new Set(entries);
  const texts = new Map();
  for (const name of names) {
    const text = readDeclaration(name);
    texts.set(name, text);
    for (const [, , specifier] of text.matchAll(relativeImport)) {
      names.add(path.join(path.dirname(name), specifier));
    }
  }
  return texts;
}

function readDeclaration(name) {
  const file = path.join(emitted, `${name}.d.ts`);
  if (existsSync(file)) return readFileSync(file, "utf8");
  throw new Failure(
    `public types lead to ${name}, which has no declaration of its own`,
    "mark with @internal what nobody outside of the package needs",
  );
}

function write(file, text) {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}
