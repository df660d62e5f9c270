/** What is imported and not used costs an application nothing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { rolldown } from "rolldown";
import { rollup } from "rollup";
import { build as buildWithVite } from "vite";
import { inRoot } from "../../tools/lib/paths.mjs";
import { entries, forWorkers } from "./support/package.mjs";

const limit = 100;
const external = ["react", "react/*", "rxjs", "rxjs/*", "@angular/*", "node:*"];
/** It is never written; the installed package is found from there. */
const application = inRoot("tests/tarball/application.js");

for (const { specifier } of entries) {
  if (specifier === forWorkers) continue;
  test(`an unused import of "${specifier}" leaves nothing`, async () => {
    const names = Object.keys(await import(specifier)).filter((name) => name !== "default");
    const source = `import { ${names.join(", ")} } from "${specifier}";\nconsole.log("used");\n`;
    for (const [bundler, bundle] of Object.entries({
      esbuild: withEsbuild,
      rolldown: withRolldown,
      rollup: withRollup,
    })) {
      const code = await bundle(source);
      assert.ok(code.includes("used"));
      assert.ok(code.length < limit + source.length - source.indexOf("\n"), `${bundler}: ${code}`);
      assert.doesNotMatch(code, /react|angular|rxjs|node:/, bundler);
    }
  });
}

test("production bundles drop the console's lines that stand behind a condition", async () => {
  const source = `import { logTrace } from "sockeye-client/debug";
    if (process.env.NODE_ENV !== "production") logTrace(globalThis.client);
    console.log("used");`;
  const inMode = (mode) => withEsbuild(source, { "process.env.NODE_ENV": JSON.stringify(mode) });
  assert.match(await inMode("development"), /←/);
  assert.ok((await inMode("production")).length < limit);
});

async function withEsbuild(contents, define = {}) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: inRoot(), sourcefile: "application.js" },
    bundle: true,
    minify: true,
    charset: "utf8",
    define,
    write: false,
    format: "esm",
    target: "es2022",
    splitting: true,
    outdir: inRoot("target/shake"),
    external,
    logLevel: "error",
  });
  // It also writes the lazy chunks of what it has left out; nothing would ever load them.
  return outputFiles.find(({ path }) => path.endsWith("/stdin.js")).text;
}

test("so does Vite, by its own condition", async () => {
  const source = `import { logTrace } from "sockeye-client/debug";
    if (import.meta.env.DEV) logTrace(globalThis.client);
    console.log("used");`;
  const inMode = (NODE_ENV) => withVite(source, NODE_ENV);
  assert.match(await inMode("development"), /←/);
  assert.ok((await inMode("production")).length < limit);
});

/** What has no file: the application. */
const written = (contents) => ({
  name: "application",
  resolveId: (id) => (id === application ? id : undefined),
  load: (id) => (id === application ? contents : undefined),
});

async function withVite(contents, mode) {
  const [{ output }] = [
    await buildWithVite({
      root: inRoot("tests/tarball"),
      ...{ configFile: false, envDir: false, logLevel: "silent", mode },
      plugins: [written(contents)],
      define: { "import.meta.env.DEV": JSON.stringify(mode === "development") },
      build: { write: false, rollupOptions: { input: application }, modulePreload: false },
    }),
  ].flat();
  return output.find(({ isEntry }) => isEntry).code;
}

const frameworks = [/^(react|rxjs|@angular)(\/|$)/, /^node:/];

/** It knows no packages by itself: where they are, and what their manifests say, plugins tell it. */
async function withRollup(contents) {
  const bundle = await rollup({
    input: application,
    external: frameworks,
    plugins: [written(contents), installed],
    treeshake: { moduleSideEffects: (id) => id === application }, // the worker's file is not among them
    onLog() {},
  });
  try {
    const { output } = await bundle.generate({ format: "esm" });
    return output.find(({ isEntry }) => isEntry).code;
  } finally {
    await bundle.close();
  }
}

const installed = {
  name: "installed",
  resolveId: (id) =>
    id.startsWith("sockeye-client") ? fileURLToPath(import.meta.resolve(id)) : undefined,
};

async function withRolldown(contents) {
  const bundle = await rolldown({
    input: application,
    external: frameworks,
    plugins: [written(contents)],
    logLevel: "silent",
  });
  try {
    const { output } = await bundle.generate({ format: "esm", minify: true });
    return output.find(({ isEntry }) => isEntry).code;
  } finally {
    await bundle.close();
  }
}
