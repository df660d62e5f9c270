"use client";
/**
 * Sockeye for React 18 and 19: a provider, and hooks that use its client.
 *
 * Nothing connects while a page is rendered on a server, and what is rendered there is the same as what
 * is hydrated: `idle`, and nothing received yet.
 */
import { createSockeyeContext } from "./react/context.js";

export { createSockeyeContext } from "./react/context.js";
export type { SockeyeHooks, SockeyeProviderProps } from "./react/context.js";
export type { ActionHandle } from "./react/actions.js";
export type { Every } from "./react/pace.js";
export type { StreamOptions } from "./react/streams.js";

const untyped = /* @__PURE__ */ createSockeyeContext();

/** Gives a client to the components in it. See {@link createSockeyeContext} for typed events. */
export const SockeyeProvider = /* @__PURE__ */ (() => untyped.SockeyeProvider)();
/** See {@link SockeyeHooks.useSockeye}. */
export const useSockeye = /* @__PURE__ */ (() => untyped.useSockeye)();
/** See {@link SockeyeHooks.useStatus}. */
export const useStatus = /* @__PURE__ */ (() => untyped.useStatus)();
/** See {@link SockeyeHooks.useEvent}. */
export const useEvent = /* @__PURE__ */ (() => untyped.useEvent)();
/** See {@link SockeyeHooks.useLatest}. */
export const useLatest = /* @__PURE__ */ (() => untyped.useLatest)();
/** See {@link SockeyeHooks.useEvents}. */
export const useEvents = /* @__PURE__ */ (() => untyped.useEvents)();
/** See {@link SockeyeHooks.useAction}. */
export const useAction = /* @__PURE__ */ (() => untyped.useAction)();
/** See {@link SockeyeHooks.useOutbox}. */
export const useOutbox = /* @__PURE__ */ (() => untyped.useOutbox)();
/** See {@link SockeyeHooks.useTopic}. */
export const useTopic = /* @__PURE__ */ (() => untyped.useTopic)();
/** See {@link SockeyeHooks.useGap}. */
export const useGap = /* @__PURE__ */ (() => untyped.useGap)();
