/** The examples of the guides compile, against the sources. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { expect, test } from "vitest";

const guides = [
  ...["auth.md", "outbox.md", "continuity.md", "dedup.md", "traffic.md"],
  ...["react.md", "angular.md"],
];
const root = fileURLToPath(new URL("../../", import.meta.url));
const sources = `${root}pkg-template/src`;

/** A guide's examples, as one module. */
function examplesOf(guide: string): string {
  const text = readFileSync(`${root}docs/${guide}`, "utf8");
  return Array.from(text.matchAll(/```tsx?\n(.*?)```/gs), ([, code]) => code ?? "").join("\n");
}

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  jsx: ts.JsxEmit.ReactJSX,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  lib: ["lib.es2023.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"],
  types: [],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noImplicitOverride: true,
  skipLibCheck: true,
  noEmit: true,
  paths: {
    "sockeye-client": [`${sources}/index.ts`],
    "sockeye-client/*": [`${sources}/*.ts`],
  },
};

/** What the compiler has to say of modules with these texts, by their names. */
function complaintsOf(texts: Map<string, string>): string[] {
  const host = ts.createCompilerHost(options);
  const readSource = host.getSourceFile.bind(host);
  host.getSourceFile = (name, version, ...rest) => {
    const text = texts.get(name);
    return text === undefined
      ? readSource(name, version, ...rest)
      : ts.createSourceFile(name, text, version);
  };
  const program = ts.createProgram([...texts.keys()], options, host);
  return [...texts.keys()].flatMap((name) => {
    const diagnostics = ts.getPreEmitDiagnostics(program, program.getSourceFile(name));
    return diagnostics.map(({ messageText }) => {
      return `${name.slice(root.length)}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
    });
  });
}

const moduleOf = (name: string) => `${root}docs/${name}.tsx`;

test("the examples of the guides compile, and others would not", { timeout: 60_000 }, () => {
  const texts = new Map(guides.map((guide) => [moduleOf(guide), examplesOf(guide)]));
  for (const text of texts.values()) expect(text).toMatch(/createClient\(|provideSockeye\(/);
  texts.set(moduleOf("wrong"), 'import { createClient } from "sockeye-client";\ncreateClient();\n');
  expect(complaintsOf(texts)).toEqual([
    expect.stringContaining("wrong.tsx: Expected 1-2 arguments"),
  ]);
});
