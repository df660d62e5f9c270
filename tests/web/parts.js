// One walk through everything that the client's parts tell, with a call from inside one of the callbacks.

const ACTION = { name: "do", lane: "main", ackTimeoutMs: 10_000, bytes: 10, attachmentCount: 0 };
const action = (key) => ({ ...ACTION, key, resend: true });
const hello = JSON.stringify([
  "sockeye:hello",
  { v: 1, memory: "m", retentionMs: 1_000, time: 1, since: false, positions: [] },
]);

/** What tells of outbox, store, continuity and topics. */
export const callbacks = () => [
  "store",
  "action",
  "cancelRefused",
  "forgotten",
  "flushAsked",
  "prologueNeeded",
  "gapHookNeeded",
  "hookLate",
  "continuity",
  "confirming",
  "topic",
];

const CALLS = {
  setIdentity: (client) => client.setIdentity("bob"),
  discardQueue: (client) => client.discardQueue(),
  openOutbox: (client) => client.openOutbox(0),
  configureOutbox: (client) => client.configureOutbox(0, 10, 1_000, 1, 1, 1, true),
  enqueue: (client) => client.enqueue(0, action("nested"), '["do"]'),
  cancelAction: (client) => client.cancelAction(0, "a"),
  retryAction: (client) => client.retryAction(0, "a"),
  forgetAction: (client) => client.forgetAction(0, "a"),
  nackAction: (client) => client.nackAction(0, "a", ["no"]),
  pauseOutbox: (client) => client.pauseOutbox(0),
  resumeOutbox: (client) => client.resumeOutbox(0),
  clearOutbox: (client) => client.clearOutbox(0, "all"),
  flushPlan: (client) => client.flushPlan(0, 0, ["a"], []),
  storeAnswered: (client) => client.storeAnswered(0, 0, { type: "failed", code: "storage_full" }),
  storeChanged: (client) => client.storeChanged(0, [{ type: "removed", key: "a" }]),
  emitLatest: (client) => client.emitLatest(0, "cursor", '["cursor"]'),
  setHooks: (client) => client.setHooks(0, true, true),
  prologueDone: (client) => client.prologueDone(0, 0),
  gapDone: (client) => client.gapDone(0, 0),
  emitFirst: (client) => client.emitFirst(0, 0, '["first"]'),
  requestFirst: (client) => client.requestFirst(0, 0, 9, '["first"]', undefined, 1_000),
  retainTopic: (client) => client.retainTopic(0, "more", '["join"]', '["leave"]', -1),
  releaseTopic: (client) => client.releaseTopic(0, "room"),
  topicConfirmed: (client) => client.topicConfirmed(0, "room"),
  refreshAuth: (client) => client.refreshAuth(0),
  destroy: (client) => client.destroy(),
};

export const calls = () => Object.keys(CALLS);

/** A record that nobody can read. */
const broken = { key: "broken", isFuture: false };

/** A store that takes everything, holds it for ever unless that is broken, and answers when it is asked to. */
class FakeStore {
  asked = [];
  actions = [];

  constructor(client) {
    this.client = client;
  }

  answerAll() {
    for (let next; (next = this.asked.shift());) {
      const [socket, ticket, json] = next;
      const answer = this.answer(JSON.parse(json));
      const body = answer?.type === "loaded" ? '["do"]' : undefined;
      if (answer) this.client.storeAnswered(socket, ticket, answer, body);
    }
  }

  answer({ type, action, key, atLeast }) {
    const contents = { actions: this.actions, unreadable: [broken] };
    if (type === "resign") return undefined;
    if (type === "read") return { type: "contents", ...contents };
    if (type === "open") return { type: "opened", clientId: "c", ...contents };
    if (type === "lead") return { type: "leading", epoch: 1, ...contents };
    if (type === "raiseEpoch") return { type: "raised", epoch: atLeast };
    if (type === "put") {
      const order = this.actions.push({ ...action, order: this.actions.length + 1, ageMs: 0 });
      return { type: "stored", order, replaced: false };
    }
    if (type === "load") return { type: "loaded" };
    if (type === "mark") return { type: "marked", missing: [], earlier: [] };
    if (type === "remove") return { type: key === broken.key ? "removed" : "wasSent" };
    return { type: "done" };
  }
}

/**
 * Makes one call inside the first callback of a name. Returns the callbacks that came, in order.
 */
export function walk(bench, client, callback, call) {
  const heard = [];
  const store = new FakeStore(client);
  bench.onPart = (name, args) => {
    if (name === "store") store.asked.push(args);
    if (name === callback && !heard.includes(name)) CALLS[call](client);
    heard.push(name);
  };
  const receive = (frame) => {
    bench.socket()?.receive(frame);
    store.answerAll();
  };
  bench.names.set("joined", 7);
  bench.names.identity = { seeds: [1, 2], stamps: false };
  client.configureOutbox(0, 100, 1_000, 4, 4, 0, true);
  client.setHooks(0, true, true);
  client.openOutbox(0);
  store.answerAll();
  client.enqueue(0, action("a"), '["do"]');
  store.answerAll();
  client.retainTopic(0, "room", '["join"]', '["leave"]', 7);
  client.connect(0);
  const connect = () => {
    bench.socket()?.open();
    receive(handshakeFrame);
    receive('40{"sid":"x"}');
  };
  connect();
  receive(`42${hello}`);
  client.prologueDone(0, 0);
  receive('42["joined"]');
  client.topicConfirmed(0, "room");
  client.flushPlan(0, 0, ["a"], []);
  store.answerAll();
  client.cancelAction(0, "a");
  client.forgetAction(0, broken.key);
  store.answerAll();
  bench.socket()?.end();
  bench.advance(35_000);
  connect();
  receive(`42${hello}`);
  client.prologueDone(0, 1);
  receive('42["joined"]');
  client.topicConfirmed(0, "room");
  store.answerAll();
  bench.advance(24_000);
  receive("2");
  bench.advance(24_000);
  client.destroy();
  return heard;
}

const handshakeFrame = '0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":20000}';
