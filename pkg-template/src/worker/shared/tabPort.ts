/** What a page asks, as what it wants of the hub where it is. */
import { clientDisconnect } from "../../callErrors.js";
import { describe } from "../../descriptions.js";
import type { CorePort, WorkerCore } from "../../port.js";
import type { Command } from "../messages.js";
import type { Seat, StoringCore } from "../storingCore.js";
import type { Tab } from "./tab.js";
import type { NamespaceWishes, StoreWish } from "./wishes.js";

type Port<Name extends keyof WorkerCore> = Required<Pick<WorkerCore, Name>>;
type Calls = Record<string, (...args: unknown[]) => unknown>;

export function toPort(tab: Tab): StoringCore {
  return {
    ...toLife(tab),
    ...toConnecting(tab),
    ...toListening(tab),
    ...toPassed(tab),
    ...toAnswers(tab),
    ...toSending(tab),
    ...toFirst(tab),
    ...toContinuity(tab),
    ...toOutbox(tab),
    ...toStore(tab),
    ...toDelivering(tab),
    ...toFigures(tab),
  };
}

const toLife = (tab: Tab) => ({
  isAlive: () => tab.isAlive,
  setIdentity: (identity: string) => tab.move(identity),
  suspend: () => tab.suspend(),
  resume: (asleepMs: number) => tab.resume(asleepMs),
  destroy: () => tab.destroy(),
});

function toConnecting(tab: Tab): Port<"socket" | "connect" | "disconnect"> {
  const { wishes } = tab;
  return {
    socket(namespace, authOnDemand) {
      const { positions, unproved } = tab.options;
      const known = positions[namespace] ?? [];
      const added = wishes.add(namespace, authOnDemand, known, unproved.includes(namespace));
      tab.tell((hub) => void hub.namespaceOf(added));
    },
    connect(socket) {
      const wanted = wishes.namespaces[socket];
      if (!wanted) return;
      const isNew = !wanted.isWanted;
      wanted.isWanted = true;
      tab.tell((hub) => isNew && hub.namespaceOf(wanted).connect(tab, wanted));
    },
    disconnect(socket) {
      const left = wishes.namespaces[socket];
      if (left?.isWanted) disconnect(tab, left);
    },
  };
}

/** What the page has sent and others go on waiting for ends for this one. */
function disconnect(tab: Tab, left: NamespaceWishes): void {
  left.isWanted = false;
  tab.tell((hub) => {
    const namespace = hub.namespaceOf(left);
    namespace.handleLeft(left);
    if (namespace.isConnected && hub.wanting(namespace.socket).length > 0)
      hub.requests.end(tab, describe("disconnected"), namespace.socket);
    namespace.rest();
    hub.questions.handleLeft(tab);
  });
  tab.events.status(left.socket, "disconnected", 0, 0, clientDisconnect, false);
}

function toListening(tab: Tab): Port<"listen" | "unlisten" | "listenAny" | "unlistenAny" | "pace"> {
  const { wishes } = tab;
  const setAny = (event: number | undefined) => {
    wishes.any = event;
    tab.tell((hub) => hub.listening.updateAny());
  };
  return {
    listen(name, event) {
      wishes.names.set(name, event);
      tab.tell((hub) => hub.listening.update(name));
    },
    unlisten(name) {
      wishes.names.delete(name);
      tab.tell((hub) => hub.listening.update(name));
    },
    listenAny: setAny,
    unlistenAny: () => setAny(undefined),
    pace(event, pace) {
      if (pace) wishes.paces.set(event, pace);
      else wishes.paces.delete(event);
      const name = wishes.nameOf(event);
      if (name !== undefined) tab.tell((hub) => hub.listening.updatePace(name, tab));
    },
  };
}

/** What is the core's matter, of a namespace or of all. */
function toPassed(tab: Tab) {
  const passed = [
    ...(["refreshAuth", "cancelAction", "forgetAction", "nackAction"] as const),
    ...(["storeAnswered", "storeChanged", "refreshOutbox"] as const),
  ];
  const methods = passed.map((name) => [
    name,
    (socket: number, ...rest: unknown[]) =>
      tab.runOf(socket, ({ core }, number) => {
        (core as unknown as Calls)[name]?.(number, ...rest);
      }),
  ]);
  return {
    ...(Object.fromEntries(methods) as Port<(typeof passed)[number]>),
    reconnectNow: () => tab.run(({ core }) => core.reconnectNow()),
    discardQueue: () => tab.run(({ core }) => core.discardQueue()),
  };
}

/** Answers to questions that are open. The others were asked of somebody else since. */
function toAnswers(tab: Tab) {
  const answers = [
    ...(["authenticate", "failAuthentication", "stopAuthentication"] as const),
    ...(["judge", "flushPlan"] as const),
  ] satisfies Command[];
  const methods = answers.map((name) => [
    name,
    (socket: number, ticket: number, ...rest: unknown[]) =>
      tab.runOf(socket, ({ core, questions }, number) => {
        const asked = questions.take(ticket);
        if (asked !== undefined) (core as unknown as Calls)[name]?.(number, asked, ...rest);
      }),
  ]);
  const answerAll =
    (answer: (core: CorePort, ticket: number, ...rest: [string, string]) => void) =>
    (ticket: number, ...rest: [string, string]) =>
      tab.run(({ core, questions }) => {
        const asked = questions.take(ticket);
        if (asked !== undefined) answer(core, asked, ...rest);
      });
  return {
    ...(Object.fromEntries(methods) as Port<(typeof answers)[number]>),
    useAddress: answerAll((core, ...args) => core.useAddress(...args)),
    failAddress: answerAll((core, ticket) => core.failAddress(ticket)) as CorePort["failAddress"],
  };
}

function toSending(
  tab: Tab,
): Port<"emit" | "emitLatest" | "enqueue" | "request" | "cancel" | "acknowledge"> {
  return {
    emit: (...args) =>
      tab.send("emit", args, ({ core }, socket) => core.emit(socket, ...rest(args))),
    emitLatest: (...args) =>
      tab.send("emitLatest", args, ({ core }, socket) => core.emitLatest(socket, ...rest(args))),
    enqueue: (...args) =>
      tab.send("enqueue", args, (hub, socket, wishes) =>
        hub
          .namespaceOf(wishes)
          .outbox.enqueue(tab, args[1], () => hub.core.enqueue(socket, ...rest(args))),
      ),
    request(...args) {
      const [, request, ...what] = args;
      return tab.send("request", args, ({ core, requests }, socket) =>
        requests.add(tab, socket, request, (own) => core.request(socket, own, ...what)),
      );
    },
    cancel: (_, request) => tab.run(({ requests }) => requests.cancel(tab, request)),
    acknowledge: (socket, connection, ackId, body, attachments) =>
      tab.runOf(socket, ({ core, listening }, number, wishes) => {
        const { coreConnection } = wishes;
        if (connection !== wishes.connection || coreConnection === undefined) return;
        if (listening.answers.claim(number, coreConnection, ackId))
          core.acknowledge(number, coreConnection, ackId, body, attachments);
      }),
  };
}

/** What goes ahead of all that waits, as long as the core waits for this page. */
function toFirst(tab: Tab): Port<"emitFirst" | "requestFirst"> {
  return {
    emitFirst(...args) {
      const [, ticket, body, attachments] = args;
      return tab.send("emitFirst", args, ({ core, hooks }, socket) => {
        const round = hooks.rounds.find(ticket);
        if (!round) return undefined;
        return round.ticket === undefined
          ? core.emit(socket, body, attachments, false)
          : core.emitFirst(socket, round.ticket, body, attachments);
      });
    },
    requestFirst(...args) {
      const [, ticket, request, ...what] = args;
      return tab.send("requestFirst", args, ({ core, hooks, requests }, socket) => {
        const first = hooks.rounds.find(ticket)?.ticket;
        return requests.add(tab, socket, request, (own) =>
          first === undefined
            ? core.request(socket, own, ...what)
            : core.requestFirst(socket, first, own, ...what),
        );
      });
    },
  };
}

type ContinuityName =
  "setHooks" | "prologueDone" | "gapDone" | "retainTopic" | "releaseTopic" | "topicConfirmed";

function toContinuity(tab: Tab): Port<ContinuityName> {
  const of = (socket: number) => tab.wishes.namespaces[socket];
  const end = (_: number, ticket: number) => tab.run(({ hooks }) => hooks.rounds.end(ticket));
  return {
    prologueDone: end,
    gapDone: end,
    setHooks(socket, hooks) {
      const wishes = of(socket);
      if (!wishes) return;
      wishes.hooks = hooks;
      tab.tell((hub) => hub.hooks.update(wishes.name));
    },
    retainTopic(socket, topic, join, leave, confirm) {
      const wishes = of(socket);
      const wish = { join, leave, confirm: tab.wishes.nameOf(confirm) };
      if (!wishes) return;
      wishes.topics.set(topic, wish);
      tab.tell((hub) => hub.namespaceOf(wishes).topics.retain(tab, wishes, topic, wish));
    },
    releaseTopic(socket, topic) {
      const wishes = of(socket);
      if (!wishes?.topics.delete(topic)) return;
      tab.tell((hub) => hub.namespaceOf(wishes).topics.release(topic));
    },
    topicConfirmed: (socket, topic) =>
      tab.runOf(socket, ({ core }, number) => core.topicConfirmed(number, topic)),
  };
}

function toOutbox(tab: Tab): Port<"openOutbox" | "pauseOutbox" | "resumeOutbox" | "retryAction"> {
  const setPaused = (socket: number, isPaused: boolean) => {
    const wishes = tab.wishes.namespaces[socket];
    if (!wishes || wishes.isPaused === isPaused) return;
    wishes.isPaused = isPaused;
    tab.tell((hub) => hub.namespaceOf(wishes).outbox.updatePaused());
  };
  return {
    openOutbox(socket, settings) {
      const wishes = tab.wishes.namespaces[socket];
      if (!wishes) return;
      wishes.outbox = settings;
      tab.tell((hub) => hub.namespaceOf(wishes).outbox.update(settings));
    },
    pauseOutbox: (socket) => setPaused(socket, true),
    resumeOutbox: (socket) => setPaused(socket, false),
    retryAction: (socket, key) =>
      readOf(tab, socket, false, (core, number) => core.retryAction(number, key)),
  };
}

/** The store is the hub's, wherever the page goes. */
function toStore(tab: Tab): Pick<StoringCore, "seatStore"> {
  return {
    seatStore(socket, description, scope, listener) {
      const wishes = tab.wishes.namespaces[socket];
      const store: StoreWish = { description, scope, listener, hasBegun: false, seat: undefined };
      if (wishes) wishes.store = store;
      if (wishes) tab.tell((hub) => hub.namespaceOf(wishes).outbox.enter(tab, wishes));
      const find = () =>
        new Promise<Seat | undefined>((resolve) =>
          tab.runOf(socket, (hub, _, wishes) => resolve(hub.namespaceOf(wishes).outbox.seat)),
        );
      return {
        begin() {
          store.hasBegun = true;
          if (wishes) tab.tell((hub) => hub.namespaceOf(wishes).outbox.begin(tab, wishes));
        },
        load: async (key) => (await find())?.load(key),
        // That of the hub which it has left knows what others have stored there since.
        discard: async (identity, kept) => store.seat?.discard(identity, kept),
        abandon: () => tab.end(),
      };
    },
  };
}

function toDelivering(tab: Tab): Port<"keepDelivery" | "failDelivery" | "releaseDelivery"> {
  return {
    keepDelivery: () => tab.read(0, ({ listening }) => listening.deliveries.keep(tab)),
    failDelivery: (delivery) =>
      tab.run(({ listening }) => listening.deliveries.fail(tab, delivery)),
    releaseDelivery: (delivery) =>
      tab.run(({ listening }) => listening.deliveries.release(tab, delivery)),
  };
}

type FigureName =
  | ("dedupStatistics" | "positions" | "outboxSize" | "probeRoundTripMs" | "traffic")
  | ("signsOfLife" | "couldDrain");

function toFigures(tab: Tab): Port<FigureName> {
  const noStatistics = { identified: 0, duplicates: 0, evicted: 0, evictedStreams: 0 };
  const nothing = { depth: 0, oldestMs: undefined };
  return {
    dedupStatistics: (socket) =>
      readOf(tab, socket, noStatistics, (core, number) => core.dedupStatistics(number)),
    positions: (socket) => readOf(tab, socket, [], (core, number) => core.positions(number)),
    outboxSize: (socket) => readOf(tab, socket, nothing, (core, number) => core.outboxSize(number)),
    probeRoundTripMs: () => tab.read(undefined, ({ core }) => core.probeRoundTripMs()),
    traffic: () => tab.read({ received: 0, sent: 0 }, ({ core }) => core.traffic()),
    signsOfLife: (socket) => readOf(tab, socket, 0, (core, number) => core.signsOfLife(number)),
    couldDrain: (socket) => readOf(tab, socket, false, (core, number) => core.couldDrain(number)),
  };
}

/** What the core says of a namespace, or `none` where there is no core. */
function readOf<Value>(
  tab: Tab,
  socket: number,
  none: Value,
  read: (core: WorkerCore, socket: number) => Value,
): Value {
  const name = tab.wishes.namespaces[socket]?.name;
  if (name === undefined) return none;
  return tab.read(none, (hub) => read(hub.core, hub.socketOf(name)));
}

/** All but the namespace. */
const rest = <Rest extends unknown[]>([, ...others]: [number, ...Rest]): Rest => others;
