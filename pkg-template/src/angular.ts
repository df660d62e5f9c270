/**
 * Sockeye for Angular 19 and later: providers and `inject…` functions, with zone.js and without.
 *
 * Everything that a client does runs outside of Angular's zone, and state is in signals: nothing is
 * checked for events that nobody shows. Nothing connects while a page is rendered on a server.
 */
import { createSockeyeInjectors } from "./angular/injectors.js";

export { createSockeyeInjectors } from "./angular/injectors.js";
export type { SockeyeInjectors } from "./angular/injectors.js";
export type { SockeyeSource } from "./angular/provider.js";
export type { ActionSignals } from "./angular/actions.js";

const untyped = /* @__PURE__ */ createSockeyeInjectors();

/** Provides a client. See {@link createSockeyeInjectors} for typed events. */
export const provideSockeye = /* @__PURE__ */ (() => untyped.provideSockeye)();
/** See {@link SockeyeInjectors.injectSockeye}. */
export const injectSockeye = /* @__PURE__ */ (() => untyped.injectSockeye)();
/** See {@link SockeyeInjectors.injectStatus}. */
export const injectStatus = /* @__PURE__ */ (() => untyped.injectStatus)();
/** See {@link SockeyeInjectors.injectLatest}. */
export const injectLatest = /* @__PURE__ */ (() => untyped.injectLatest)();
/** See {@link SockeyeInjectors.injectAction}. */
export const injectAction = /* @__PURE__ */ (() => untyped.injectAction)();
/** See {@link SockeyeInjectors.injectOutbox}. */
export const injectOutbox = /* @__PURE__ */ (() => untyped.injectOutbox)();
/** See {@link SockeyeInjectors.injectTopic}. */
export const injectTopic = /* @__PURE__ */ (() => untyped.injectTopic)();
/** See {@link SockeyeInjectors.fromSockeyeEvent}. */
export const fromSockeyeEvent = /* @__PURE__ */ (() => untyped.fromSockeyeEvent)();
