/** Streams as the observables that Chromium itself has. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Server } from "socket.io";
import { useBrowser } from "../support/browser.mjs";
import { listen } from "../support/listen.mjs";
import { startSite } from "../support/site.mjs";

const browser = useBrowser();
let site;
before(async () => (site = await startSite()));
after(() => site?.stop());

/** A server that says the numbers up to `last` when it is asked to. */
async function startCounter(t) {
  const { server, port, stop } = await listen((_, response) => response.writeHead(404).end());
  const io = new Server(server, { cors: { origin: "*" } });
  io.on("connection", (socket) =>
    socket.on("count", (last, done) => {
      for (let number = 1; number <= last; number += 1) socket.emit("number", number);
      done();
    }),
  );
  t.after(async () => {
    await stop();
    await io.close(); // would wait for pages that connect again
  });
  return `http://127.0.0.1:${port}`;
}

test("gives a native Observable each value, until it is aborted or destroyed", async (t) => {
  const page = await browser.open(t, site.url);
  const said = await page.evaluate(
    async (url) => {
      const client = window.kit.makeClient(url);
      const stream = client.on("number");
      const iterators = [];
      const begin = stream[Symbol.asyncIterator].bind(stream);
      stream[Symbol.asyncIterator] = () => (iterators[iterators.length] = begin());
      const numbers = window.Observable.from(stream);
      const begunBefore = iterators.length;

      const seen = [];
      const abort = new AbortController();
      numbers.subscribe((value) => seen.push(value), { signal: abort.signal });
      const evens = window.Observable.from(client.on("number"))
        .filter((value) => value % 2 === 0)
        .toArray();
      await client.connect();
      const told = numbers.take(3).toArray(); // shares what the first subscription has begun
      await client.request("count", 3);
      const firstThree = await told;
      abort.abort();
      await client.request("count", 2);
      const { done } = await iterators[0].next(); // whoever unsubscribes ends the iterator
      await client.destroy();
      return { begunBefore, begun: iterators.length, seen, firstThree, done, evens: await evens };
    },
    await startCounter(t),
  );
  assert.deepEqual(said, {
    begunBefore: 0,
    begun: 1,
    seen: [1, 2, 3],
    firstThree: [1, 2, 3],
    done: true,
    evens: [2, 2],
  });
  assert.deepEqual(page.errors, []);
});
