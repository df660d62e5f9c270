/**
 * Sockeye for Angular 19 and later: providers and `inject…` functions, with zone.js and without.
 *
 * Everything that a client does runs outside of Angular's zone, and state is in signals: nothing is
 * checked for events that nobody shows. Nothing connects while a page is rendered on a server.
 *
 * @module sockeye-client/angular
 */
import { createSockeyeInjectors } from "./angular/injectors.js";

export { createSockeyeInjectors } from "./angular/injectors.js";
export type { SockeyeInjectors } from "./angular/injectors.js";
export type { SockeyeSource } from "./angular/provider.js";
export { injectJob, injectLive } from "./angular/live.js";
export type { ActionSignals } from "./angular/actions.js";

const untyped = /* @__PURE__ */ createSockeyeInjectors();

/**
 * Provides a client, for an application, for routes, or for a component and what is in it. A function is
 * called when the client is first injected: after a login, say; it may inject what it needs. The client is
 * destroyed with the injector. See {@link createSockeyeInjectors} for typed events.
 *
 * @example
 * provideSockeye(() => ({ url: "https://api.example.com", auth: inject(Session).token }));
 * @function
 */
export const provideSockeye = /* @__PURE__ */ (() => untyped.provideSockeye)();
/**
 * Returns the client.
 *
 * @throws {SockeyeError} `no_provider` if none is provided.
 * @example
 * readonly client = injectSockeye();
 * @function
 */
export const injectSockeye = /* @__PURE__ */ (() => untyped.injectSockeye)();
/**
 * Returns the status, or what `select` makes of it.
 *
 * @example
 * readonly isOnline = injectStatus(({ state }) => state === "connected");
 * @function
 */
export const injectStatus = /* @__PURE__ */ (() => untyped.injectStatus)();
/**
 * Returns the newest event of this name from now on; at first `initialValue`.
 *
 * @example
 * readonly quote = injectLatest("quote");
 * @function
 */
export const injectLatest = /* @__PURE__ */ (() => untyped.injectLatest)();
/**
 * Returns what enqueues this event, and how the action goes that was enqueued last.
 *
 * @example
 * readonly cancel = injectAction("order:cancel");
 * @function
 */
export const injectAction = /* @__PURE__ */ (() => untyped.injectAction)();
/**
 * Returns the actions that have not ended, oldest first.
 *
 * @example
 * readonly unsent = injectOutbox();
 * @function
 */
export const injectOutbox = /* @__PURE__ */ (() => untyped.injectOutbox)();
/**
 * Joins a topic until the component is destroyed, and returns its status. A function may read signals:
 * when they change the topic is left and the next one joined; `undefined` joins nothing.
 *
 * @example
 * readonly room = injectTopic(() => ({ join: ["room:join", this.roomId()] }));
 * @function
 */
export const injectTopic = /* @__PURE__ */ (() => untyped.injectTopic)();
/**
 * Returns the events of this name for RxJS, until the component is destroyed. They come outside of
 * Angular's zone: write them to signals, or use the `async` pipe.
 *
 * @example
 * fromSockeyeEvent("message").pipe(bufferTime(100)).subscribe((messages) => this.add(messages));
 * @function
 */
export const fromSockeyeEvent = /* @__PURE__ */ (() => untyped.fromSockeyeEvent)();
