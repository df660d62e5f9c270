/** Importing a module again that could not be fetched. */

let attempts = 0;

/**
 * Imports once more what an `import()` has failed to fetch, if `failure` comes from Firefox: before
 * version 155 it remembers until the page ends that an address has failed, and its message names the
 * address. With another fragment it is another address to Firefox, and the same one to the server.
 *
 * Other engines fetch again by themselves: the HTML standard has them forget failures
 * (https://github.com/whatwg/html/pull/10327). Bundlers have to leave this import as it is.
 *
 * @throws `failure`, if it is of any other kind, or what the second attempt fails with
 * @example
 * const { createCore } = await import("./core.js").catch(importAgain<typeof core>);
 */
export function importAgain<Module>(failure: unknown): Promise<Module> {
  const address = /^error loading dynamically .*: (.+)/.exec((failure as Error).message)?.[1];
  if (!address) throw failure;
  attempts++;
  return import(
    /* @vite-ignore */ /* webpackIgnore: true */ `${address}#${attempts}`
  ) as Promise<Module>;
}
