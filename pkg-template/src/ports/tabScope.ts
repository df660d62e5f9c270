/** What tabs have in common, where there is a browser. */

/** The part of `globalThis` by which tabs know of each other. */
export interface TabScope {
  /** Only pages that came over TLS, or from this machine, have `locks`. */
  readonly navigator?: { readonly locks?: LockManager | undefined } | undefined;
  readonly BroadcastChannel?: (new (name: string) => TabChannel) | undefined;
  /** Workers and servers have no document. */
  readonly document?: (EventTarget & { readonly visibilityState: string }) | undefined;
  /** To ask for it may be an error. */
  readonly localStorage?: Pick<Storage, "getItem" | "setItem"> | undefined;
  readonly addEventListener?: EventTarget["addEventListener"] | undefined;
}

/** What of a `BroadcastChannel` is used. */
export interface TabChannel {
  onmessage: ((event: MessageEvent) => unknown) | null;
  postMessage(message: unknown): void;
  close(): void;
}

/** What is said by another version of this package, in another tab, is not understood. */
export const MESSAGE_VERSION = 1;
