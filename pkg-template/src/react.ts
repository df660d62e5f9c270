"use client";
/**
 * Sockeye for React 18 and 19: a provider, and hooks that use its client.
 *
 * Nothing connects while a page is rendered on a server, and what is rendered there is the same as what
 * is hydrated: `idle`, and nothing received yet.
 *
 * @module sockeye-client/react
 */
import { createSockeyeContext } from "./react/context.js";

export { createSockeyeContext } from "./react/context.js";
export type { SockeyeHooks, SockeyeProviderProps } from "./react/context.js";
export type { ActionHandle } from "./react/actions.js";
export { useJob, useLive } from "./react/live.js";
export type { Every } from "./react/pace.js";
export type { StreamOptions } from "./react/streams.js";

const untyped = /* @__PURE__ */ createSockeyeContext();

/**
 * Gives a client to the components in it. See {@link createSockeyeContext} for typed events.
 *
 * @example
 * <SockeyeProvider url="https://api.example.com">
 *   <App />
 * </SockeyeProvider>;
 * @function
 */
export const SockeyeProvider = /* @__PURE__ */ (() => untyped.SockeyeProvider)();
/**
 * Returns the client of the provider above.
 *
 * @throws {SockeyeError} `no_provider` if there is none.
 * @example
 * const client = useSockeye();
 * @function
 */
export const useSockeye = /* @__PURE__ */ (() => untyped.useSockeye)();
/**
 * Returns the status, or what `select` makes of it; renders again when that changes.
 *
 * @example
 * const isOnline = useStatus(({ state }) => state === "connected");
 * @function
 */
export const useStatus = /* @__PURE__ */ (() => untyped.useStatus)();
/**
 * Calls `handle`, as it was last rendered, with each event of this name; renders nothing.
 *
 * @example
 * useEvent("job:failed", ({ jobId }) => toast(`${jobId} failed`));
 * @function
 */
export const useEvent = /* @__PURE__ */ (() => untyped.useEvent)();
/**
 * Returns the newest event of this name since the component is there; at first `undefined`.
 *
 * @example
 * const quote = useLatest("quote");
 * @function
 */
export const useLatest = /* @__PURE__ */ (() => untyped.useLatest)();
/**
 * Returns the newest events of this name since the component is there, oldest first. However many come,
 * it renders once per frame, and none is left out but those over the `limit`.
 *
 * @example
 * const lines = useEvents("log:line", { limit: 500 });
 * @function
 */
export const useEvents = /* @__PURE__ */ (() => untyped.useEvents)();
/**
 * Returns what enqueues this event, and how the action goes that was enqueued last.
 *
 * @example
 * const cancel = useAction("order:cancel");
 * <button disabled={cancel.isPending} onClick={() => cancel.run({ orderId })}>Cancel</button>;
 * @function
 */
export const useAction = /* @__PURE__ */ (() => untyped.useAction)();
/**
 * Returns the actions that have not ended, oldest first.
 *
 * @example
 * const unsent = useOutbox().length;
 * @function
 */
export const useOutbox = /* @__PURE__ */ (() => untyped.useOutbox)();
/**
 * Joins a topic as long as the component is there, and returns its status; `undefined` joins nothing.
 *
 * @example
 * const { state } = useTopic({ join: ["room:join", { room }], leave: ["room:leave", { room }] });
 * @function
 */
export const useTopic = /* @__PURE__ */ (() => untyped.useTopic)();
/**
 * Calls `handle`, as it was last rendered, when events were missed. See {@link NamespaceClient.onGap}.
 *
 * @example
 * useGap(async () => setJobs(await fetchJobs()));
 * @function
 */
export const useGap = /* @__PURE__ */ (() => untyped.useGap)();
