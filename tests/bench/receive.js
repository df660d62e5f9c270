/** Time per received event, with a listener, in the page. */
import { FakeWebSocket } from "./fakeWebSocket.js";
import { io } from "socket.io-client";
import { createClient } from "sockeye-client/inline";

const EVENT = "job:progress";
/** Different texts, so that nothing can be remembered from one to the next. */
const DISTINCT = 500;
/** How many ids are remembered, and twice as many events: each id is new when it comes again. */
const WINDOW = 4_096;
/** As many events are handed over in one task before promises run, as in a burst. */
const BURST = 50;

/** Returns microseconds per event of each contestant, `rounds` figures each, taken in turn. */
export async function measureReceive({ frame, events, rounds, warmups, once = false }) {
  const messages = makeMessages(frame, once ? 2 * WINDOW : DISTINCT);
  const contestants = {
    floor: jsonParse(),
    ours: await sockeye(once),
    reference: await socketIo(once),
  };
  if (once) for (const name of ["ours", "reference"]) await checkOnce(contestants[name], messages);
  const figures = { floor: [], ours: [], reference: [] };
  for (let round = -warmups; round < rounds; round++) {
    for (const [name, contestant] of Object.entries(contestants)) {
      const figure = await time(contestant, messages, events);
      if (round >= 0) figures[name].push(figure);
    }
  }
  for (const contestant of Object.values(contestants)) await contestant.close();
  return figures;
}

/** A measurement of de-duplication that does not take place says nothing. */
async function checkOnce(contestant, [first]) {
  contestant.deliver(first);
  contestant.deliver(first);
  contestant.place = 1;
  await new Promise((resolve) => setTimeout(resolve));
  if (contestant.received() !== 1) throw new Error("an event was delivered twice");
}

async function time(contestant, messages, events) {
  const before = contestant.received();
  // It goes on where it has stopped, so that no id comes again too soon.
  let place = contestant.place ?? 0;
  const start = performance.now();
  for (let sent = 0; sent < events; sent += BURST) {
    for (let i = 0; i < BURST; i++) contestant.deliver(messages[place++ % messages.length]);
    await null;
  }
  const elapsed = performance.now() - start;
  contestant.place = place;
  // socket.io-client hands events on in promises: the last burst may still be under way.
  await new Promise((resolve) => setTimeout(resolve));
  const received = contestant.received() - before;
  if (received !== events) throw new Error(`${received} of ${events} events arrived`);
  return (elapsed * 1_000) / events;
}

function jsonParse() {
  let received = 0;
  return {
    deliver(message) {
      if (JSON.parse(message.data.slice(2)).length === 2) received++;
    },
    received: () => received,
    close() {},
  };
}

async function sockeye(once) {
  const client = createClient("http://bench.test", once ? { dedup: { id: "jobId" } } : {});
  let received = 0;
  client.on(EVENT).subscribe(({ jobId }) => (received += jobId ? 1 : 0));
  await client.connect();
  return {
    ...onSocket(FakeWebSocket.latest),
    received: () => received,
    close: () => client.destroy(),
  };
}

async function socketIo(once) {
  const socket = io("http://bench.test", { transports: ["websocket"], forceNew: true });
  let received = 0;
  const seen = new Set();
  socket.on(EVENT, ({ jobId }) => {
    if (once && !isNew(seen, jobId)) return;
    received += jobId ? 1 : 0;
  });
  await new Promise((resolve) => socket.on("connect", resolve));
  return {
    ...onSocket(FakeWebSocket.latest),
    received: () => received,
    close: () => socket.close(),
  };
}

/** What an application writes for itself: the oldest id goes first. */
function isNew(seen, id) {
  if (seen.has(id)) return false;
  seen.add(id);
  if (seen.size > WINDOW) seen.delete(seen.values().next().value);
  return true;
}

function onSocket(webSocket) {
  return { deliver: (message) => webSocket.onmessage(message) };
}

/** Frames of exactly `bytes` bytes, each a real `MessageEvent`. */
function makeMessages({ bytes, content }, count) {
  return Array.from({ length: count }, (_, index) => {
    const jobId = `job-${String(index).padStart(6, "0")}`;
    const head = `42["${EVENT}",{"jobId":"${jobId}","progress":${10 + (index % 90)},"content":`;
    const room = bytes - head.length - "}]".length;
    const data = `${head}${content === "objects" ? objects(room) : text(room)}}]`;
    if (data.length !== bytes) throw new Error(`a frame has ${data.length} bytes`);
    return new MessageEvent("message", { data });
  });
}

/** A JSON text of `length` bytes, as in log lines and chunks of a model's answer. */
function text(length) {
  return `"${"lorem ipsum ".repeat(length / 12 + 1).slice(0, length - 2)}"`;
}

/** A JSON array of `length` bytes of small objects, as in tables. */
function objects(length) {
  const item = (number) => `{"step":${1_000 + number},"name":"compile","done":true}`;
  const count = Math.floor((length - 2) / (item(0).length + 1)) - 1;
  const items = `[${Array.from({ length: count }, (_, number) => item(number)).join(",")},`;
  return `${items}${text(length - items.length - 1)}]`;
}
