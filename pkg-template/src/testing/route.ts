/** A WebSocket of a page that a test has taken over, as Playwright's `WebSocketRoute`. */
import type { Frame } from "./frames.js";
import { asBuffer } from "./packets.js";
import type { Visitor } from "./webSocket.js";
import type { Any } from "./types.js";

/** What is used of a `WebSocketRoute` of Playwright. */
export interface Route {
  /** Returns the address that the page has asked for. */
  url(): string;
  /** Sends to the page: a text, or a `Buffer`. */
  send(message: Any): void;
  /** Closes the page's WebSocket. */
  close(options?: { code?: number; reason?: string }): unknown;
  /** Calls `handler` with what the page sends. */
  onMessage(handler: (message: Any) => Any): void;
  /** Calls `handler` when the page closes it. */
  onClose(handler: (...status: Any[]) => Any): void;
}

/** Pages may only be told some codes. */
const closeCode = { code: 1011 };

export const visitorOf = (route: Route): Visitor => ({
  url: route.url(),
  headers: {},
  end: {
    handleOpened: () => {},
    handleMessage: (frame: Frame) =>
      route.send(typeof frame === "string" ? frame : asBuffer(frame)),
    handleClosed: () => void route.close(closeCode),
  },
});
