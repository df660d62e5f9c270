/** Providers and `inject…` functions, for one client at a time and its event maps. */
import { computed, inject, InjectionToken, type Provider, type Signal } from "@angular/core";
import { takeUntilDestroyed } from "@angular/core/rxjs-interop";
import { Observable as RxObservable } from "rxjs";
import type { ActionOptions } from "../action.js";
import type { Client } from "../client.js";
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
import type { OutboxItem } from "../outbox.js";
import type { TopicOptions } from "../reliable.js";
import type { ClientStatus } from "../status.js";
import type { TopicStatus } from "../topics.js";
import { type ActionSignals, actionSignals } from "./actions.js";
import { makeClient, type SockeyeSource } from "./provider.js";
import { signalOf, signalOfState } from "./signals.js";
import { topicSignal, type TopicSource } from "./topics.js";

/** What {@link createSockeyeInjectors} returns. All but the provider need an injection context. */
export interface SockeyeInjectors<
  ListenEvents extends object,
  EmitEvents extends object,
  Handle extends NamespaceClient<ListenEvents, EmitEvents>,
> {
  /**
   * Provides a client, for an application, for routes, or for a component and what is in it. A function is
   * called when the client is first injected: after a login, say; it may inject what it needs. The client is
   * destroyed with the injector: that of routes stays for as long as the application, that of a component goes
   * with it.
   *
   * @example
   * provideSockeye(() => ({ url: "https://api.example.com", auth: inject(Session).token }));
   */
  provideSockeye: (source: SockeyeSource<Handle> | (() => SockeyeSource<Handle>)) => Provider;

  /**
   * Returns the client.
   *
   * @throws {SockeyeError} `no_provider` if none is provided.
   */
  injectSockeye: () => Handle;

  /**
   * Returns the status, or what `select` makes of it.
   *
   * @example
   * readonly isOnline = injectStatus(({ state }) => state === "connected");
   */
  injectStatus: {
    (): Signal<ClientStatus>;
    <Selected>(select: (status: ClientStatus) => Selected): Signal<Selected>;
  };

  /**
   * Returns the newest event of this name from now on; at first `initialValue`.
   *
   * @example
   * readonly quote = injectLatest("quote");
   */
  injectLatest: <Name extends EventName<ListenEvents>, Initial = undefined>(
    event: Name,
    options?: { initialValue?: Initial },
  ) => Signal<EventValue<ListenEvents, Name> | Initial>;

  /**
   * Returns what enqueues this event, and how the action goes that was enqueued last.
   *
   * @example
   * readonly cancel = injectAction("order:cancel");
   */
  injectAction: <Name extends RequestName<EmitEvents>>(
    event: Name,
    options?: ActionOptions,
  ) => ActionSignals<EventArguments<EmitEvents, Name>, AckValue<EmitEvents, Name>>;

  /** Returns the actions that have not ended, oldest first. */
  injectOutbox: () => Signal<readonly OutboxItem[]>;

  /**
   * Joins a topic until the component is destroyed, and returns its status. A function may read signals:
   * when they change the topic is left and the next one joined; `undefined` joins nothing.
   *
   * @example
   * readonly room = injectTopic(() => ({ join: ["room:join", this.roomId()] }));
   */
  injectTopic: <Join extends EventName<EmitEvents>>(
    options:
      | TopicOptions<ListenEvents, EmitEvents, Join>
      | (() => TopicOptions<ListenEvents, EmitEvents, Join> | undefined),
  ) => Signal<TopicStatus>;

  /**
   * Returns the events of this name for RxJS, until the component is destroyed. They come outside of
   * Angular's zone: write them to signals, or use the `async` pipe.
   *
   * @example
   * fromSockeyeEvent("message").pipe(bufferTime(100)).subscribe((messages) => this.add(messages));
   */
  fromSockeyeEvent: <Name extends EventName<ListenEvents>>(
    event: Name,
  ) => RxObservable<EventValue<ListenEvents, Name>>;
}

/**
 * Makes a provider and `inject…` functions with the types of an application's events. Several of them, for
 * several servers or namespaces, do not get in each other's way.
 *
 * @example
 * export const { provideSockeye, injectLatest } = createSockeyeInjectors<ServerEvents, ClientEvents>();
 */
export function createSockeyeInjectors<
  ListenEvents extends object = DefaultEvents,
  EmitEvents extends object = ListenEvents,
  Handle extends NamespaceClient<ListenEvents, EmitEvents> = Client<ListenEvents, EmitEvents>,
>(): SockeyeInjectors<ListenEvents, EmitEvents, Handle> {
  const token = new InjectionToken<NamespaceClient>("Sockeye client");
  const injectClient = () => inject(token, { optional: true }) ?? noProvider();
  return {
    provideSockeye: (source: SockeyeSource<unknown> | (() => SockeyeSource<unknown>)) => {
      const useFactory = () => makeClient(typeof source === "function" ? source() : source);
      return { provide: token, useFactory };
    },
    injectSockeye: injectClient,
    ...injectorsOf(injectClient),
  } as unknown as SockeyeInjectors<ListenEvents, EmitEvents, Handle>;
}

/** The functions without the types of events. */
function injectorsOf(injectClient: () => NamespaceClient) {
  return {
    injectStatus: (select?: (status: ClientStatus) => unknown) => {
      const status = signalOfState(injectClient().status);
      return select ? computed(() => select(status())) : status;
    },
    injectLatest: (event: string, { initialValue }: { initialValue?: unknown } = {}) =>
      signalOf(injectClient().on(event), initialValue),
    injectAction: (event: string, options?: ActionOptions) =>
      actionSignals(injectClient(), event, options),
    injectOutbox: () => signalOfState(injectClient().outbox.items),
    injectTopic: (source: TopicSource) => topicSignal(injectClient(), source),
    fromSockeyeEvent: (event: string) => {
      const events = injectClient().on(event);
      const listened = new RxObservable<unknown>((subscriber) => {
        const subscription = events.subscribe(subscriber);
        return () => subscription.unsubscribe();
      });
      return listened.pipe(takeUntilDestroyed());
    },
  };
}

function noProvider(): never {
  throw fail("no_provider", "no client is provided", "add provideSockeye to the providers");
}
