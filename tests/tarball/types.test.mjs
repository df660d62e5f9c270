/** The types of every entry compile with every way to resolve modules, libraries checked. */
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import ts from "typescript";
import { inRoot } from "../../tools/lib/paths.mjs";
import { entries, files, read } from "./support/package.mjs";

const withoutAngular = ["applications.ts", "server.ts"];
const everything = [...withoutAngular, "angular.ts"];
const required = ["required.cts"];
const { Node10, Node16, NodeNext, Bundler } = ts.ModuleResolutionKind;

const consumers = [
  ["bundler", ts.ModuleKind.ESNext, Bundler, everything],
  ["node16", ts.ModuleKind.Node16, Node16, [...everything, ...required]],
  ["nodenext", ts.ModuleKind.NodeNext, NodeNext, [...everything, ...required]],
  ["node10", ts.ModuleKind.CommonJS, Node10, withoutAngular], // Angular itself cannot be found there
];

const common = {
  target: ts.ScriptTarget.ES2022,
  lib: ["lib.es2022.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"],
  types: [],
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: false,
  skipDefaultLibCheck: true, // the libraries of TypeScript itself
  noEmit: true,
};

for (const [name, module, moduleResolution, sources] of consumers) {
  test(`compiles with moduleResolution "${name}"`, () => {
    const options = { ...common, module, moduleResolution, types: ["node"] };
    assert.deepEqual(problemsOf(sources, options), []);
  });
}

test("the server's entry compiles without the types of pages", () => {
  const options = { ...common, lib: ["lib.es2022.d.ts"], types: ["node"] };
  const nodeNext = { module: ts.ModuleKind.NodeNext, moduleResolution: NodeNext };
  assert.deepEqual(problemsOf(["server.ts"], { ...options, ...nodeNext }), []);
});

test("a consumer names every entry", () => {
  const imported = everything.map(sourceText).join("\n");
  for (const { specifier, required: name } of entries) {
    assert.ok(imported.includes(`from "${specifier}"`), specifier);
    if (name) assert.ok(sourceText("required.cts").includes(`require("${specifier}")`), specifier);
  }
});

test("nothing that is not for everybody is in the types", () => {
  const declarations = files.filter((file) => /\.d\.[cm]?ts$/.test(file));
  assert.ok(declarations.length > 0);
  for (const file of declarations) {
    for (const [what, pattern] of Object.entries(notForEverybody)) {
      assert.deepEqual(read(file).match(pattern), null, `${what} in ${file}`);
    }
  }
});

const notForEverybody = {
  "an object of the core": /__wbg|Symbol\.dispose|\/wasm\/|__destroy|\bfree\b/,
  "the port to the core": /\b\w*Port\b|\bCore[A-Z]\w*/,
  "a private member": /#private|\bprivate\b|\bprotected\b|@internal/,
  "a name that nobody has chosen": /\w\$\d/,
};

test("a class is what can be made or extended; all else are interfaces", () => {
  for (const { file } of entries) {
    const text = read(`dist/${file.replace(/\.(m?)js$/, ".d.$1ts")}`);
    const [, exported = ""] = /^export \{(.*)\};$/m.exec(text) ?? [];
    for (const [, name] of text.matchAll(/^declare (?:abstract )?class (\w+)/gm)) {
      assert.match(exported, new RegExp(`\\b${name}\\b`), `${name} of ${file}`);
    }
  }
  const shared = [...read("dist/types.d.ts").matchAll(/^declare .*class (\w+)/gm)];
  assert.deepEqual(shared.map(([, name]) => name).sort(), ["SockeyeError", "StopReconnecting"]);
});

function problemsOf(names, options) {
  const program = ts.createProgram(names.map(pathOf), options);
  return ts.getPreEmitDiagnostics(program).map(toText);
}

const pathOf = (name) => inRoot("tests/tarball/types", name);
const sourceText = (name) => ts.sys.readFile(pathOf(name));

function toText({ file, start, messageText }) {
  const text = ts.flattenDiagnosticMessageText(messageText, "\n");
  if (!file) return text;
  const { line } = file.getLineAndCharacterOfPosition(start);
  return `${path.relative(inRoot(), file.fileName)}:${line + 1} ${text}`;
}
