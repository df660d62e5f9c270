/** A provider and its hooks, for one client at a time and its event maps. */
import {
  createContext,
  createElement,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
} from "react";
import type { ActionOptions } from "../action.js";
import type { Address } from "../address.js";
import type { Client } from "../client.js";
import type { Gap } from "../continuity.js";
import { fail } from "../errors.js";
import type {
  AckValue,
  DefaultEvents,
  EventArguments,
  EventName,
  EventValue,
  RequestName,
} from "../events.js";
import type { NamespaceClient } from "../namespaceClient.js";
import type { ClientOptions } from "../options.js";
import type { OutboxItem } from "../outbox.js";
import type { Awaitable } from "../outboxStore.js";
import type { TopicOptions } from "../reliable.js";
import type { ClientStatus } from "../status.js";
import type { TopicStatus } from "../topics.js";
import { type ActionHandle, useClientAction, useClientOutbox } from "./actions.js";
import { useNewest } from "./kept.js";
import { useOwnedClient } from "./owned.js";
import { itself, useStateOf } from "./states.js";
import { type StreamOptions, useListener, useNewestValues, useSource } from "./streams.js";
import { useClientTopic } from "./topics.js";

/**
 * Either a `client` of the application's, which is left as it is; or a `url` and perhaps `options`, of
 * which the provider makes a client when it is first rendered, which it connects and destroys. For another
 * server give the provider another `key`.
 */
export type SockeyeProviderProps<Handle> = { children?: ReactNode } & (
  | { client: Handle; url?: undefined; options?: undefined }
  | { client?: undefined; url: Address; options?: ClientOptions | undefined }
);

/** What {@link createSockeyeContext} returns. */
export interface SockeyeHooks<
  ListenEvents extends object,
  EmitEvents extends object,
  Handle extends NamespaceClient<ListenEvents, EmitEvents>,
> {
  /** Gives a client to the components in it. */
  SockeyeProvider: (props: SockeyeProviderProps<Handle>) => ReactNode;

  /**
   * Returns the client of the provider above.
   *
   * @throws {SockeyeError} `no_provider` if there is none.
   */
  useSockeye: () => Handle;

  /**
   * Returns the status, or what `select` makes of it; renders again when that changes.
   *
   * @example
   * const isOnline = useStatus(({ state }) => state === "connected");
   */
  useStatus: {
    (): ClientStatus;
    <Selected>(
      select: (status: ClientStatus) => Selected,
      isEqual?: (one: Selected, other: Selected) => boolean,
    ): Selected;
  };

  /**
   * Calls `handle`, as it was last rendered, with each event of this name; renders nothing.
   *
   * @example
   * useEvent("job:failed", ({ jobId }) => toast(`${jobId} failed`));
   */
  useEvent: <Name extends EventName<ListenEvents>>(
    event: Name,
    handle: (value: EventValue<ListenEvents, Name>) => void,
  ) => void;

  /**
   * Returns the newest event of this name since the component is there; at first `undefined`.
   *
   * @example
   * const quote = useLatest("quote");
   */
  useLatest: <Name extends EventName<ListenEvents>>(
    event: Name,
    options?: Pick<StreamOptions, "every">,
  ) => EventValue<ListenEvents, Name> | undefined;

  /**
   * Returns the newest events of this name since the component is there, oldest first. However many come,
   * it renders once per frame, and none is left out but those over the `limit`.
   *
   * @example
   * const lines = useEvents("log:line", { limit: 500 });
   */
  useEvents: <Name extends EventName<ListenEvents>>(
    event: Name,
    options?: StreamOptions,
  ) => readonly EventValue<ListenEvents, Name>[];

  /**
   * Returns what enqueues this event, and how the action goes that was enqueued last.
   *
   * @example
   * const cancel = useAction("order:cancel");
   * <button disabled={cancel.isPending} onClick={() => cancel.run({ orderId })}>Cancel</button>
   */
  useAction: <Name extends RequestName<EmitEvents>>(
    event: Name,
    options?: ActionOptions,
  ) => ActionHandle<EventArguments<EmitEvents, Name>, AckValue<EmitEvents, Name>>;

  /**
   * Returns the actions that have not ended, oldest first.
   *
   * @example
   * const unsent = useOutbox().length;
   */
  useOutbox: () => readonly OutboxItem[];

  /**
   * Joins a topic as long as the component is there, and returns its status; `undefined` joins nothing.
   *
   * @example
   * const { state } = useTopic({ join: ["room:join", { room }], leave: ["room:leave", { room }] });
   */
  useTopic: <Join extends EventName<EmitEvents>>(
    options: TopicOptions<ListenEvents, EmitEvents, Join> | undefined,
  ) => TopicStatus;

  /**
   * Calls `handle`, as it was last rendered, when events were missed. See `client.onGap`.
   *
   * @example
   * useGap(async () => setJobs(await fetchJobs()));
   */
  useGap: (handle: (gap: Gap) => Awaitable<unknown>) => void;
}

/**
 * Makes a provider and hooks with the types of an application's events. Several of them, for several
 * servers or namespaces, do not get in each other's way.
 *
 * @example
 * export const { SockeyeProvider, useEvent, useStatus } = createSockeyeContext<ServerEvents, ClientEvents>();
 */
export function createSockeyeContext<
  ListenEvents extends object = DefaultEvents,
  EmitEvents extends object = ListenEvents,
  Handle extends NamespaceClient<ListenEvents, EmitEvents> = Client<ListenEvents, EmitEvents>,
>(): SockeyeHooks<ListenEvents, EmitEvents, Handle> {
  const Context = createContext<NamespaceClient | undefined>(undefined);
  Context.displayName = "Sockeye";

  function SockeyeProvider({ children, client, url, options }: SockeyeProviderProps<unknown>) {
    const owned = useOwnedClient(client || url === undefined ? undefined : { url, options });
    const value = (client ?? owned) as NamespaceClient | undefined;
    return createElement(Context.Provider, { value }, children);
  }

  function useClient(): NamespaceClient {
    return useContext(Context) ?? noProvider();
  }

  return {
    SockeyeProvider,
    useSockeye: useClient,
    ...hooksOf(useClient),
  } as unknown as SockeyeHooks<ListenEvents, EmitEvents, Handle>;
}

/** The hooks without the types of events. */
function hooksOf(useClient: () => NamespaceClient) {
  return {
    useStatus: (
      select = itself<ClientStatus>,
      isEqual?: (one: ClientStatus, other: ClientStatus) => boolean,
    ) => useStateOf(useClient().status, idle, select, isEqual),
    useEvent: (event: string, handle: (value: unknown) => void) =>
      useListener(useSource(useClient(), event), handle),
    useLatest: (event: string, { every }: StreamOptions = {}) =>
      useNewestValues(useSource(useClient(), event), { limit: 1, every })[0],
    useEvents: (event: string, options?: StreamOptions) =>
      useNewestValues(useSource(useClient(), event), options),
    useAction: (event: string, options?: ActionOptions) =>
      useClientAction(useClient(), event, options),
    useOutbox: () => useClientOutbox(useClient()),
    useTopic: (options: never) => useClientTopic(useClient(), options),
    useGap: (handle: (gap: Gap) => Awaitable<unknown>) => useClientGap(useClient(), handle),
  };
}

function useClientGap(client: NamespaceClient, handle: (gap: Gap) => Awaitable<unknown>): void {
  const newest = useNewest(handle);
  const onGap = useCallback((gap: Gap) => newest.current(gap), [newest]);
  useEffect(() => {
    const subscription = client.onGap(onGap);
    return () => subscription.unsubscribe();
  }, [client, onGap]);
}

const idle: ClientStatus = { state: "idle" };

function noProvider(): never {
  throw fail("no_provider", "there is no SockeyeProvider above", "render one around the component");
}
