/** Time per event with binary data, both ways. */
import { connectOurs, connectReference } from "./clients.js";
import { toMessage } from "./frames.js";
import { compare, settle } from "./harness.js";

const EVENT = "file:part";
/** The browser would keep all that is under way in memory. */
const BURST = 10;

/** Resolves with the figures of both clients. `bytes` long data go `out`, or come in. */
export async function measureBinary({ bytes, out }, timing) {
  const ours = await connectOurs();
  const theirs = await connectReference();
  const make = out ? sending : receiving;
  const listen = (handle) => ours.client.on(EVENT).subscribe(handle);
  const listenTheirs = (handle) => theirs.socket.on(EVENT, handle);
  const emit = (part) => ours.client.emit(EVENT, part);
  const emitTheirs = (part) => theirs.socket.emit(EVENT, part);
  const contestants = {
    ours: { run: make(bytes, ours.webSocket, listen, emit), close: () => ours.client.destroy() },
    reference: {
      run: make(bytes, theirs.webSocket, listenTheirs, emitTheirs),
      close: theirs.close,
    },
  };
  return compare(contestants, timing);
}

function receiving(bytes, webSocket, listen) {
  const data = new ArrayBuffer(bytes);
  const head = toMessage(`451-["${EVENT}",{"name":"a.bin","data":{"_placeholder":true,"num":0}}]`);
  const attachment = toMessage(data);
  let received = 0;
  listen((part) => {
    if (part.data !== data) throw new Error("the data were copied");
    received++;
  });
  const deliver = () => {
    webSocket.onmessage(head);
    webSocket.onmessage(attachment);
  };
  return timing(deliver, () => received);
}

function sending(bytes, webSocket, _listen, emit) {
  const data = new Uint8Array(bytes);
  let sent = 0;
  webSocket.take = (frame) => {
    if (typeof frame === "string") return;
    if ((frame.buffer ?? frame) !== data.buffer) throw new Error("the data were copied");
    sent++;
  };
  return timing(
    () => emit({ name: "a.bin", data }),
    () => sent,
  );
}

const timing = (once, arrived) => async (count) => {
  const before = arrived();
  const start = performance.now();
  for (let done = 0; done < count;) {
    const end = Math.min(done + BURST, count);
    for (; done < end; done++) once();
    await null;
  }
  const elapsed = performance.now() - start;
  await settle();
  if (arrived() - before !== count) throw new Error(`${arrived() - before} of ${count} arrived`);
  return elapsed;
};

globalThis.measure = measureBinary;
