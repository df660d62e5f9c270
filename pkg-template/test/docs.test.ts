/** The examples of the guides compile, against the sources. */
import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { expect, test } from "vitest";

const guides = [
  ...["auth.md", "outbox.md", "continuity.md", "dedup.md", "traffic.md", "streams.md"],
  ...["loading.md", "react.md", "angular.md", "migration.md", "worker.md"],
];
const root = fileURLToPath(new URL("../../", import.meta.url));
const sources = `${root}pkg-template/src`;

/** What the short examples of the package's README use without saying where it comes from. */
const readmeGlobals = `
import type { AnyClient, ClientOptions, createClient as create, isSockeyeError as is } from "sockeye-client";
import type { from as toRx, debounceTime as debounce } from "rxjs";
declare global {
  type ServerEvents = Record<string, (...args: any[]) => void>;
  type ClientEvents = Record<string, (...args: any[]) => void>;
  var client: AnyClient;
  var options: ClientOptions;
  var url: string, orderId: string, version: string, token: string, signal: AbortSignal, file: File;
  var show: any, render: any, log: any, store: any, fetchJobs: any, test: any, expect: any;
  var room: any, draft: any, x: any, y: any, jobs: any, badge: any, id: any;
  var createClient: typeof create, isSockeyeError: typeof is;
  var from: typeof toRx, debounceTime: typeof debounce;
}`;

const examplesOf = (path: string) =>
  Array.from(readFileSync(root + path, "utf8").matchAll(/```tsx?\n(.*?)```/gs), ([, code]) => {
    return code ?? "";
  });

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
const wrong = 'import { createClient } from "sockeye-client";\ncreateClient();\n';

test("the examples of the guides compile, and others would not", { timeout: 120_000 }, () => {
  const texts = new Map(
    guides.map((guide) => [moduleOf(guide), examplesOf(`docs/${guide}`).join("\n")]),
  );
  for (const text of texts.values()) expect(text).toMatch(/createClient[(<]|provideSockeye\(/);
  texts.set(moduleOf("wrong"), wrong);
  expect(complaintsOf(texts)).toEqual([
    expect.stringContaining("wrong.tsx: Expected 1-2 arguments"),
  ]);
});

test("each example of the package's README compiles", { timeout: 120_000 }, () => {
  const examples = examplesOf("pkg-template/README.md");
  expect(examples.length).toBeGreaterThan(15);
  const texts = new Map(
    examples.map((text, index) => [moduleOf(`README ${index + 1}`), `${text}\nexport {};`]),
  );
  texts.set(moduleOf("globals"), readmeGlobals);
  texts.set(moduleOf("wrong"), wrong);
  expect(complaintsOf(texts)).toEqual([
    expect.stringContaining("wrong.tsx: Expected 1-2 arguments"),
  ]);
});

test("the README leads to every guide, and to none that is not there", () => {
  const links = readFileSync(`${root}README.md`, "utf8").matchAll(/\]\(docs\/([\w-]+\.md)/g);
  const guidesThere = readdirSync(`${root}docs`).filter((name) => name.endsWith(".md"));
  expect([...new Set(Array.from(links, ([, name]) => name))].sort()).toEqual(guidesThere.sort());
});
