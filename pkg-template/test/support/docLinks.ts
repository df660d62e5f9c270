/** What the documents link to: files of the repository, and tests in them. */
import { readFileSync } from "node:fs";

const docs = new URL("../../../docs/", import.meta.url);

/** The place of a file that a document names, such as `../tests/auth.rs`. */
export const placeOf = (path: string): URL => new URL(path, docs);

/** The text of a file that a document names. */
export const read = (path: string): string => readFileSync(placeOf(path), "utf8");

/** What links to files of the repository: a test's name, or its beginning, to the file that has it. */
export function linksOf(text: string): { name: string; path: string }[] {
  return Array.from(text.matchAll(/\[([^\]]+)\]\((\.\.\/[^)\s]+)\)/g), ([, name, path]) => ({
    name: (name ?? "").replace(/^[`“]| …(?=”)|[`”]$/g, ""),
    path: path ?? "",
  }));
}

/** Tests in Rust are functions; others are named by a text, which may have a value at either end. */
export function hasTest(source: string, path: string, name: string): boolean {
  if (path.endsWith(".rs")) return source.includes(`fn ${name}(`);
  const literal = name.replace(/[^\w ]/g, "\\$&");
  return new RegExp(`(["\`]|\`\\$\\{\\w+\\} )${literal}(["\`]| \\(?\\$\\{)`).test(source);
}
