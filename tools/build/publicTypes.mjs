/**
 * What of a declaration is for everybody.
 *
 * A class that no entry exports as a value is an interface to whoever has an object of it: it can be written
 * by hand in a test, and is the same type in every copy of the package. Of classes that are exported, what is
 * private or protected is left out.
 */
import ts from "typescript";

const { PrivateKeyword, ProtectedKeyword, StaticKeyword, AbstractKeyword } = ts.SyntaxKind;

/**
 * Returns which classes are values to those who import the entries, and the classes that these extend.
 *
 * @param {string[]} entries
 * @param {(name: string) => string} read returns the declarations of a module
 */
export function valuesOf(entries, read) {
  const modules = new Set(entries);
  const values = new Set();
  for (const name of modules) {
    for (const statement of parse(read(name)).statements) {
      if (ts.isClassDeclaration(statement)) values.add(statement.name.text);
      if (!ts.isExportDeclaration(statement) || statement.isTypeOnly) continue;
      if (!statement.exportClause) modules.add(relativeTo(name, statement.moduleSpecifier.text));
      else namedBy(statement.exportClause).forEach((exported) => values.add(exported));
    }
  }
  return values;
}

const relativeTo = (name, specifier) =>
  new URL(specifier, `file:///${name}`).pathname.slice(1).replace(/\.js$/, "");

/** The names inside of the package: what is exported may have another one. */
function namedBy({ elements }) {
  const values = elements.filter(({ isTypeOnly }) => !isTypeOnly);
  return values.map(({ propertyName, name }) => (propertyName ?? name).text);
}

/** Adds what the classes among `values` extend. */
export function addBases(values, texts) {
  const classes = texts.flatMap((text) => parse(text).statements.filter(ts.isClassDeclaration));
  for (const value of values) {
    for (const { name, heritageClauses = [] } of classes) {
      if (name.text !== value) continue;
      const extended = heritageClauses.find(({ token }) => token === ts.SyntaxKind.ExtendsKeyword);
      if (extended) values.add(extended.types[0].expression.getText());
    }
  }
}

/** Returns a module's declarations, with interfaces instead of the classes that are not among `values`. */
export function toPublic(text, values) {
  const source = parse(text);
  const edits = [fileComment(source)];
  for (const statement of source.statements.filter(ts.isClassDeclaration)) {
    const isValue = values.has(statement.name.text);
    if (!isValue) edits.push(...headOfInterface(statement));
    for (const member of statement.members) {
      if (isHidden(member, isValue)) edits.push([member.getFullStart(), member.end, ""]);
      else if (!isValue) edits.push(...memberOfInterface(member));
    }
  }
  const edited = edit(text, edits);
  return edit(edited, namesOfParameters(parse(edited)));
}

/** Puts other text in the place of some. */
const edit = (text, edits) =>
  edits
    .sort(([one], [other]) => other - one)
    .reduce((all, [start, end, other]) => all.slice(0, start) + other + all.slice(end), text);

const parse = (text) => ts.createSourceFile("module.d.ts", text, ts.ScriptTarget.Latest, true);

/** What a file says of itself would stand before some declaration when files are put together. */
function fileComment(source) {
  const [first] = source.statements;
  const comments = ts.getLeadingCommentRanges(source.text, 0) ?? [];
  const isOfFile = ts.isImportDeclaration(first) || ts.isExportDeclaration(first);
  const { end = 0 } = (isOfFile ? comments : comments.slice(0, -1)).at(-1) ?? {};
  return [0, end, ""];
}

/** What is taken apart where it is passed in has no name, but its type says what it is. */
function namesOfParameters(source) {
  const edits = [];
  const visit = (node) => {
    if (ts.isParameter(node) && ts.isObjectBindingPattern(node.name)) {
      edits.push([node.name.getStart(), node.name.end, "options"]);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return edits;
}

function isHidden(member, isValue) {
  if (member.name && ts.isPrivateIdentifier(member.name)) return true;
  if (has(member, PrivateKeyword) || has(member, ProtectedKeyword)) return true;
  return !isValue && (ts.isConstructorDeclaration(member) || has(member, StaticKeyword));
}

const has = ({ modifiers }, keyword) => modifiers?.some(({ kind }) => kind === keyword) ?? false;

function headOfInterface({ modifiers, name, heritageClauses = [] }) {
  const head = [modifiers[0].getStart(), name.getStart(), "export interface "];
  if (heritageClauses.length === 0) return [head];
  const bases = heritageClauses.flatMap(({ types }) => types.map((type) => type.getText()));
  const [{ pos }] = heritageClauses;
  return [head, [pos, heritageClauses.at(-1).end, ` extends ${bases.join(", ")}`]];
}

function memberOfInterface(member) {
  const { name, type, initializer } = member;
  if (ts.isGetAccessor(member)) {
    const start = member.getStart();
    return [
      [start, name.getStart(), "readonly "],
      [name.end, type.pos, ":"],
    ];
  }
  if (initializer) return [[name.end, initializer.getStart(), ": "]];
  const abstract = member.modifiers?.find(({ kind }) => kind === AbstractKeyword);
  return abstract ? [[abstract.getStart(), abstract.end + 1, ""]] : [];
}
