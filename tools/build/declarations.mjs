/**
 * The types of the package: what the compiler says of the sources, as far as it is for everybody, in one
 * file for each entry and one for what they share.
 *
 * Those who `require` the package need declarations that say that they are CommonJS, all the way down;
 * so the same stands there a second time as `.d.cts`.
 */
import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { rollup } from "rollup";
import { dts } from "rollup-plugin-dts";
import { inRoot, npmBin } from "../lib/paths.mjs";
import { Failure } from "../lib/report.mjs";
import { run } from "../lib/run.mjs";
import { requiredNames } from "./entries.mjs";
import { mergeBases } from "./mergeBases.mjs";
import { addBases, toPublic, valuesOf } from "./publicTypes.mjs";

/** Where the compiler leaves the declarations of all sources; see declarations.tsconfig.json. */
const emitted = inRoot("target/declarations");
const configuration = inRoot("tools/build/declarations.tsconfig.json");

/**
 * Writes the declarations of the entries into `outdir`.
 *
 * @param {ReturnType<typeof import("./entries.mjs").entriesOf>} entries
 */
export async function declare(entries, outdir) {
  rmSync(emitted, { recursive: true, force: true });
  await run(npmBin("tsc"), ["--project", configuration]);
  const names = entries.map(({ name }) => name);
  const comments = new Map(names.map((name) => [name, fileComment(name)]));
  makePublic(names);
  await join(names, comments, outdir, (name) => {
    const { file } = entries.find((entry) => entry.name === name) ?? { file: `${name}.js` };
    return file.replace(/\.(m?)js$/, ".d.$1ts");
  });
  await join(requiredNames(entries), comments, outdir, (name) => `${name}.d.cts`);
}

const fileOf = (name) => path.join(emitted, `${name}.d.ts`);
const read = (name) => readFileSync(fileOf(name), "utf8");

/** What the source of an entry says of itself. The compiler forgets that of some. */
function fileComment(name) {
  const source = readFileSync(inRoot("pkg-template/src", `${name}.ts`), "utf8");
  const [, comment] = /^(?:"use client";\n)?(\/\*\*[^]*?\*\/)\n/.exec(source) ?? [];
  if (comment) return comment;
  throw new Failure(
    `pkg-template/src/${name}.ts does not say what it is`,
    "begin it with /** … */",
  );
}

/** Leaves what is for everybody in the declarations of all sources. */
function makePublic(entries) {
  const files = readdirSync(emitted, { recursive: true }).filter((file) => file.endsWith(".d.ts"));
  const texts = new Map(
    files.map((file) => [file, readFileSync(path.join(emitted, file), "utf8")]),
  );
  const values = valuesOf(entries, read);
  addBases(values, [...texts.values()]);
  for (const [file, text] of texts) {
    writeFileSync(path.join(emitted, file), toPublic(text, values));
  }
}

/** Writes the declarations that these entries lead to. */
async function join(names, comments, outdir, toFile) {
  const bundle = await rollup({
    input: Object.fromEntries(names.map((name) => [name, fileOf(name)])),
    plugins: [dts({ tsconfig: configuration })],
    external: (id) => !/^[./]/.test(id),
    onwarn({ message }) {
      throw new Failure(`the declarations cannot be put together: ${message}`);
    },
  });
  const { output } = await bundle.generate({
    entryFileNames: ({ name }) => toFile(name),
    chunkFileNames: ({ name }) => toFile(name),
    manualChunks: (id) => (isShared(id, names) ? "types" : undefined),
    minifyInternalExports: false,
  });
  for (const { name, fileName, code } of output) {
    const text = [comments.get(name), mergeBases(code)].filter(Boolean).join("\n");
    writeFileSync(path.join(outdir, fileName), text);
  }
}

/** What only one entry needs stands in a folder of its name. */
function isShared(id, names) {
  const [name] = path.relative(emitted, id).split(/[/.]/);
  return !names.includes(name);
}
