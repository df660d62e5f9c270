/** Time per received event: how many listen, to what, and whether events that come again are dropped. */
import { connectOurs, connectReference } from "./clients.js";
import { makeMessages } from "./frames.js";
import { compare, settle } from "./harness.js";

/** How many ids are remembered: each id is new when it comes again, if there are twice as many messages. */
const WINDOW = 4_096;
/** As many events are handed over in one task before promises run, as in a burst. */
const BURST = 50;
const EVENT = "job:progress";

/**
 * Resolves with the figures of both clients and of `JSON.parse` alone.
 *
 * `listeners` listen to each of `names` events in each of `namespaces`; the events that come go through
 * all of them in turn. With `unheard` others come than those that are listened to.
 */
export async function measureReceive(workload, timing) {
  const { namespaces = 1, names = 1, unheard = false } = workload;
  const spaces = Array.from({ length: namespaces }, (_, n) => (n === 0 ? "/" : `/tenant-${n}`));
  const heard = Array.from({ length: names }, (_, n) => (n === 0 ? EVENT : `${EVENT}-${n}`));
  const describe = (index) => ({
    namespace: spaces[index % namespaces],
    event: unheard ? "job:unheard" : heard[index % names],
  });
  const count = Math.max(timing.messages, names);
  const messages = makeMessages({ ...workload, count, describe });
  const setting = { ...workload, spaces, heard, messages };
  const contestants = { ours: await ours(setting), reference: await reference(setting) };
  if (workload.once) for (const one of Object.values(contestants)) await checkOnce(one, messages);
  return compare({ floor: jsonParse(messages, spaces), ...contestants }, timing);
}

/** A measurement of de-duplication that does not take place says nothing. */
async function checkOnce({ deliver, received }, [first]) {
  deliver(first);
  deliver(first);
  await settle();
  if (received() !== 1) throw new Error("an event was delivered twice");
}

/** Hands messages over in bursts and sees that they arrive. It goes on where it has stopped before. */
function receiver(messages, { deliver, received, perEvent, close }) {
  let place = 1;
  const run = async (count) => {
    const before = received();
    const start = performance.now();
    for (let sent = 0; sent < count;) {
      const end = Math.min(sent + BURST, count);
      for (; sent < end; sent++) deliver(messages[place++ % messages.length]);
      await null;
    }
    const elapsed = performance.now() - start;
    // socket.io-client hands events on in promises: the last burst may still be under way.
    await settle();
    const arrived = received() - before;
    if (arrived !== count * perEvent) throw new Error(`${arrived} of ${count} events arrived`);
    return elapsed;
  };
  return { run, deliver, received, close };
}

function jsonParse(messages, [, ...others]) {
  let received = 0;
  const skip = others.length === 0 ? () => 2 : (data) => data.indexOf("[");
  return receiver(messages, {
    deliver({ data }) {
      if (JSON.parse(data.slice(skip(data))).length === 2) received++;
    },
    received: () => received,
    perEvent: 1,
    close() {},
  });
}

async function ours({ spaces, heard, listeners = 1, once, unheard, messages }) {
  const dedup = once ? { dedup: { id: "jobId" } } : {};
  const { client, namespaces, webSocket } = await connectOurs({ namespaces: spaces, ...dedup });
  let received = 0;
  for (const namespace of namespaces) {
    for (const name of heard) {
      for (let number = 0; number < listeners; number++) {
        namespace.on(name).subscribe(({ jobId }) => (received += jobId ? 1 : 0));
      }
    }
  }
  return receiver(messages, {
    deliver: (message) => webSocket.onmessage(message),
    received: () => received,
    perEvent: unheard ? 0 : listeners,
    close: () => client.destroy(),
  });
}

async function reference({ spaces, heard, listeners = 1, once, unheard, messages }) {
  const { namespaces, webSocket, close } = await connectReference({ namespaces: spaces });
  let received = 0;
  const seen = new Set();
  for (const namespace of namespaces) {
    for (const name of heard) {
      for (let number = 0; number < listeners; number++) {
        namespace.on(name, ({ jobId }) => {
          if (once && !isNew(seen, jobId)) return;
          received += jobId ? 1 : 0;
        });
      }
    }
  }
  return receiver(messages, {
    deliver: (message) => webSocket.onmessage(message),
    received: () => received,
    perEvent: unheard ? 0 : listeners,
    close,
  });
}

/** What an application writes for itself: the oldest id goes first. */
function isNew(seen, id) {
  if (seen.has(id)) return false;
  seen.add(id);
  if (seen.size > WINDOW) seen.delete(seen.values().next().value);
  return true;
}

globalThis.measure = measureReceive;
