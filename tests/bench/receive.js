/** Time per received event, with a listener, in the page. */
import { FakeWebSocket } from "./fakeWebSocket.js";
import { io } from "socket.io-client";
import { createClient } from "sockeye-client/inline";

const EVENT = "job:progress";
/** Different texts, so that nothing can be remembered from one to the next. */
const DISTINCT = 500;
/** As many events are handed over in one task before promises run, as in a burst. */
const BURST = 50;

/** Returns microseconds per event of each contestant, `rounds` figures each, taken in turn. */
export async function measureReceive({ frame, events, rounds, warmups }) {
  const messages = makeMessages(frame);
  const contestants = {
    floor: jsonParse(),
    ours: await sockeye(),
    reference: await socketIo(),
  };
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

async function time(contestant, messages, events) {
  const before = contestant.received();
  const start = performance.now();
  for (let sent = 0; sent < events; sent += BURST) {
    for (let i = 0; i < BURST; i++) contestant.deliver(messages[(sent + i) % DISTINCT]);
    await null;
  }
  const elapsed = performance.now() - start;
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

async function sockeye() {
  const client = createClient("http://bench.test");
  let received = 0;
  client.on(EVENT).subscribe(({ jobId }) => (received += jobId ? 1 : 0));
  await client.connect();
  return {
    ...onSocket(FakeWebSocket.latest),
    received: () => received,
    close: () => client.destroy(),
  };
}

async function socketIo() {
  const socket = io("http://bench.test", { transports: ["websocket"], forceNew: true });
  let received = 0;
  socket.on(EVENT, ({ jobId }) => (received += jobId ? 1 : 0));
  await new Promise((resolve) => socket.on("connect", resolve));
  return {
    ...onSocket(FakeWebSocket.latest),
    received: () => received,
    close: () => socket.close(),
  };
}

function onSocket(webSocket) {
  return { deliver: (message) => webSocket.onmessage(message) };
}

/** Frames of exactly `bytes` bytes, each a real `MessageEvent`. */
function makeMessages({ bytes, content }) {
  return Array.from({ length: DISTINCT }, (_, index) => {
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
