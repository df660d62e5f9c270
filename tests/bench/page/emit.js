/** Time per sent event, and per request until its answer. */
import { connectOurs, connectReference } from "./clients.js";
import { toMessage } from "./frames.js";
import { compare, settle } from "./harness.js";

const EVENT = "draft:save";
/** As many events are emitted in one task before promises run. */
const BURST = 50;
/** How long a request of socket.io-client waits, where it does not wait for ever. */
const TIMEOUT_MS = 5_000;
/** With it an event is 200 B long on the wire. */
const draft = { draftId: "draft-000123", text: "lorem ipsum ".repeat(13).slice(0, 147) };

/**
 * Resolves with the figures of both clients.
 *
 * Without `inFlight` events are emitted; otherwise so many requests are made at once, and the next ones
 * when all have their answers. Ours always have a time limit; those of socket.io-client with `timeout`.
 */
export async function measureSending({ inFlight, timeout = false }, timing) {
  const ours = await connectOurs();
  const theirs = await connectReference();
  const close = () => ours.client.destroy();
  if (inFlight === undefined) {
    const emit = () => ours.client.emit(EVENT, draft);
    const emitTheirs = () => theirs.socket.emit(EVENT, draft);
    const contestants = {
      ours: { run: emitting(ours.webSocket, emit), close },
      reference: { run: emitting(theirs.webSocket, emitTheirs), close: theirs.close },
    };
    return compare(contestants, timing);
  }
  const request = () => ours.client.request(EVENT, draft);
  const requestTheirs = timeout
    ? () => theirs.socket.timeout(TIMEOUT_MS).emitWithAck(EVENT, draft)
    : () => theirs.socket.emitWithAck(EVENT, draft);
  const contestants = {
    ours: { run: requesting(ours.webSocket, request, inFlight), close },
    reference: {
      run: requesting(theirs.webSocket, requestTheirs, inFlight),
      close: theirs.close,
    },
  };
  return compare(contestants, timing);
}

function emitting(webSocket, emit) {
  webSocket.take = ({ length }) => {
    if (length !== 200) throw new Error(`a frame has ${length} bytes`);
  };
  return async (count) => {
    const before = webSocket.sent;
    const start = performance.now();
    for (let sent = 0; sent < count;) {
      const end = Math.min(sent + BURST, count);
      for (; sent < end; sent++) emit();
      await null;
    }
    const elapsed = performance.now() - start;
    // What socket.io-client could not send at once is still under way.
    await settle();
    const frames = webSocket.sent - before;
    if (frames !== count) throw new Error(`${frames} of ${count} events were sent`);
    return elapsed;
  };
}

function requesting(webSocket, request, inFlight) {
  let answers = [];
  let next = 0;
  let first = 0;
  webSocket.take = () => {
    const answer = answers[next++];
    // What says goodbye is no request.
    queueMicrotask(() => webSocket.onmessage?.(answer));
  };
  return async (count) => {
    // Both number their requests from 0 on; making the answers is the server's work.
    const total = Math.ceil(count / inFlight) * inFlight;
    answers = Array.from({ length: total }, (_, n) => toMessage(`43${first + n}[{"ok":true}]`));
    next = 0;
    first += total;
    const start = performance.now();
    for (let done = 0; done < total; done += inFlight) await requestMany(request, inFlight);
    const elapsed = performance.now() - start;
    return (elapsed * count) / total;
  };
}

async function requestMany(request, inFlight) {
  if (inFlight === 1) return check(await request());
  const answers = await Promise.all(Array.from({ length: inFlight }, request));
  answers.forEach(check);
}

function check({ ok }) {
  if (ok !== true) throw new Error("a request has another answer");
}

globalThis.measure = measureSending;
