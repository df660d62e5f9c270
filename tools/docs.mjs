/**
 * The API reference: `npm run docs`, into `target/docs`.
 *
 * It is about the types that are published, and has the guides of `docs/` beside them. What is not
 * documented, or leads to what is not in it, is an error.
 */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { Application, ReflectionKind } from "typedoc";
import { entriesOf } from "./build/entries.mjs";
import { writeGuides } from "./docs/guides.mjs";
import { inRoot, packageName } from "./lib/paths.mjs";
import { Failure, announce, green, main, since } from "./lib/report.mjs";

const assembled = inRoot("target/package");
const outdir = inRoot("target/docs");

/** What has to say what it is. Properties may have names that do. */
const documented = ["Class", "Function", "Interface", "Method", "TypeAlias", "Variable"];

/** Types that other types are made of, which nobody writes down. */
const parts = {
  "testing.d.ts": ["Any"],
  "types.d.ts": ["AckOf", "Any", "DefaultValue", "HasAck", "Parameters", "ValueOf", "WithoutAck"],
  "compat.d.ts": [
    ...[
      "AllButLast",
      "AnyListener",
      "Auth",
      "BinaryType",
      "DecorateAcknowledgements",
      "EnginePacket",
    ],
    ...["FirstArg", "Last", "PacketOptions", "PacketType", "Reason", "ResolvedEngineOptions"],
    ...["TransportCtor", "TransportName", "WriteOptions", "lookup"],
  ],
};

const options = ({ readme, guides }) => ({
  name: packageName,
  entryPoints: entryPoints(),
  readme,
  projectDocuments: guides,
  tsconfig: inRoot("tools/docs/tsconfig.json"),
  out: outdir,
  navigation: { includeFolders: false, includeGroups: true },
  headings: { readme: true, document: true },
  groupOrder: ["Guides", "Modules", "Functions", "Variables", "Classes", "Interfaces", "*"],
  disableSources: true, // they are declarations, which show no more than the pages
  excludeExternals: true,
  validation: { notExported: true, invalidLink: true, invalidPath: true, notDocumented: true },
  requiredToBeDocumented: documented,
  intentionallyNotExported: Object.entries(parts).flatMap(([file, names]) =>
    names.map((name) => `dist/${file}:${name}`),
  ),
});

main(async () => {
  const start = performance.now();
  announce("Writing the API reference", "some seconds");
  const app = await Application.bootstrap(options(writeGuides()));
  const project = await app.convert();
  if (project) validate(project, app);
  if (!project || app.logger.hasErrors() || app.logger.hasWarnings()) {
    throw new Failure("the reference is not complete: typedoc says above what is missing");
  }
  await app.generateDocs(project, outdir);
  console.log(`${green("wrote")} ${path.join("target", "docs", "index.html")} (${since(start)})`);
});

/** Entries have the names by which they are imported; what can be called shows how. */
function validate(project, app) {
  app.validate(project);
  const modules = project.getReflectionsByKind(ReflectionKind.Module).map(({ name }) => name);
  for (const { specifier } of entries().filter((entry) => !modules.includes(entry.specifier))) {
    app.logger.warn(`the entry ${specifier} has no @module ${specifier}`);
  }
  for (const called of project.getReflectionsByKind(ReflectionKind.Function)) {
    const comments = [called, ...called.signatures].map(({ comment }) => comment);
    const hasExample = comments.some((comment) => comment?.getTag("@example"));
    if (!hasExample) app.logger.warn(`${called.parent.name}: ${called.name} has no @example`);
  }
}

function entries() {
  const manifest = path.join(assembled, "package.json");
  if (!existsSync(manifest)) throw new Failure("there is no package", "npm run build");
  return entriesOf(JSON.parse(readFileSync(manifest, "utf8")));
}

/** The declarations of each entry, as they are published. */
const entryPoints = () =>
  entries().map(({ file }) => path.join(assembled, "dist", file.replace(/\.(m?)js$/, ".d.$1ts")));
