/**
 * Declarations without bases that nobody can name: what a class or an interface has of one that its file does
 * not export, and says nothing else of, stands in it itself.
 */
import ts from "typescript";

/** Returns the declarations of a file, each merged with such bases. */
export function mergeBases(text) {
  for (let merged = text, next; ; merged = next) {
    next = mergeOne(merged);
    if (next === merged) return withoutUnused(merged);
  }
}

/** Those without such a base of their own come first, so that each is merged into all that extend it. */
function mergeOne(text) {
  const source = parse(text);
  const shapes = source.statements.filter(isShape);
  const exported = exportedBy(source);
  const extended = shapes.flatMap(basesOf);
  const isBase = (name) => {
    const uses = extended.filter((other) => other === name).length;
    return uses > 0 && text.match(new RegExp(`\\b${name}\\b`, "g")).length === uses + 1;
  };
  const hidden = new Map(
    shapes
      .filter(({ name }) => !exported.has(name.text) && isBase(name.text))
      .map((shape) => [shape.name.text, shape]),
  );
  for (const shape of shapes) {
    const clause = shape.heritageClauses?.[0];
    if (!clause || (ts.isClassDeclaration(shape) && clause.types.length > 1)) continue;
    const used = clause.types.find((type) => hidden.has(type.expression.getText()));
    const base = used && hidden.get(used.expression.getText());
    if (base && !basesOf(base).some((name) => hidden.has(name)))
      return merge(text, shape, used, base);
  }
  return text;
}

/** Leaves out the bases that nothing names any more. */
function withoutUnused(text) {
  const source = parse(text);
  const exported = exportedBy(source);
  const unused = source.statements
    .filter(isShape)
    .filter(({ name }) => !exported.has(name.text))
    .filter(({ name }) => text.match(new RegExp(`\\b${name.text}\\b`, "g")).length === 1);
  return unused.reduceRight((all, { pos, end }) => all.slice(0, pos) + all.slice(end), text);
}

const parse = (text) => ts.createSourceFile("file.d.ts", text, ts.ScriptTarget.Latest, true);

const isShape = (node) => ts.isClassDeclaration(node) || ts.isInterfaceDeclaration(node);

function basesOf({ heritageClauses = [] }) {
  return heritageClauses.flatMap(({ types }) => types.map((type) => type.expression.getText()));
}

function exportedBy(source) {
  const clauses = source.statements.filter(ts.isExportDeclaration).map((node) => node.exportClause);
  const names = clauses.flatMap((clause) => clause.elements);
  return new Set(names.map(({ propertyName, name }) => (propertyName ?? name).text));
}

/** The members come to the end, but those that `shape` has otherwise; bases of the base take its place. */
function merge(text, shape, used, base) {
  const own = new Set(shape.members.map(nameOf));
  const parameters = (base.typeParameters ?? []).map(({ name }) => name.text);
  const given = new Map(
    parameters.map((name, index) => [name, used.typeArguments?.[index]?.getText()]),
  );
  const members = base.members.filter((member) => !own.has(nameOf(member)));
  const added = members.map((member) => withArguments(member, given)).join("");
  const bases = base.heritageClauses?.[0].types.map((type) => withArguments(type, given)) ?? [];
  const others = used.parent.types.filter((type) => type !== used).map((type) => type.getText());
  const all = [...others, ...bases.map((name) => name.trim())];
  const heritage = all.length > 0 ? ` extends ${all.join(", ")}` : "";
  const { pos, end } = used.parent;
  const closing = shape.end - "}".length;
  const beforeMembers = `${text.slice(0, pos)}${heritage}${text.slice(end, closing)}`;
  return `${beforeMembers.trimEnd()}${added}\n${text.slice(closing)}`;
}

const nameOf = (member) =>
  ts.isConstructorDeclaration(member) ? "constructor" : member.name?.getText();

/** The text of a node, with what the type parameters of the base stand for. */
function withArguments(node, given) {
  const start = node.getFullStart();
  const edits = [];
  const visit = (inner) => {
    if (ts.isIdentifier(inner) && given.get(inner.text) && ts.isTypeReferenceNode(inner.parent)) {
      edits.push([inner.getStart() - start, inner.end - start, given.get(inner.text)]);
    }
    ts.forEachChild(inner, visit);
  };
  visit(node);
  return edits.reduceRight(
    (all, [from, to, other]) => all.slice(0, from) + other + all.slice(to),
    node.getFullText(),
  );
}
