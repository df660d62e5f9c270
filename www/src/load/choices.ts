/** What can be chosen, kept in the page's address so that another tab begins with the same. */

/** Where the client's core is. */
export const cores = ["page", "worker", "shared"] as const;
export type Core = (typeof cores)[number];

/** How the page listens. */
export const ways = ["plain", "conflated"] as const;
export type Way = (typeof ways)[number];

export interface Choices {
  core: Core;
  way: Way;
}

/** Returns what the page's address says; without a word there the core is in the page, and each event is listened to. */
export function readChoices(): Choices {
  const parameters = new URLSearchParams(location.search);
  const oneOf = <Choice extends string>(known: readonly [Choice, ...Choice[]], name: string) =>
    known.find((choice) => choice === parameters.get(name)) ?? known[0];
  return { core: oneOf(cores, "core"), way: oneOf(ways, "way") };
}

export function keepChoices({ core, way }: Choices): void {
  const url = new URL(location.href);
  url.searchParams.set("core", core);
  url.searchParams.set("way", way);
  history.replaceState(null, "", url);
}
