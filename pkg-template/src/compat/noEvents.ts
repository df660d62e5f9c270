/** The map of no events, for emitters that only emit events of their own. */
// eslint-disable-next-line @typescript-eslint/no-generated-empty-object-type
export type NoEvents = Record<never, never>;
