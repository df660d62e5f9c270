/** What the package can be imported by, read from the `exports` of its manifest. */
import path from "node:path";

/**
 * Returns the entries that are code.
 *
 * The source of `./angular` is `src/angular.ts`, whatever its file in `dist` is called.
 *
 * @returns {{specifier: string, name: string, file: string, required?: string}[]} `file` is the ES module
 *   in `dist`; `required` is the name of the entry that those get who `require` this one, if they can
 */
export function entriesOf({ name: packageName, exports }) {
  return Object.entries(exports)
    .filter(([, conditions]) => typeof conditions === "object")
    .map(([key, conditions]) => ({
      specifier: key === "." ? packageName : `${packageName}${key.slice(1)}`,
      name: key === "." ? "index" : key.slice("./".length),
      file: path.basename((conditions.import ?? conditions).default),
      required: conditions.require && path.basename(conditions.require.default, ".cjs"),
    }));
}

/** Returns the names of the entries that there are as CommonJS. */
export const requiredNames = (entries) => [
  ...new Set(entries.map(({ required }) => required).filter(Boolean)),
];
