/** The demo with a server that cuts connections, goes away and comes back. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { useBrowser } from "../support/browser.mjs";
import { partsOf, ready, startDemo, trigger } from "../support/demo.mjs";
import { waitFor } from "../support/wait.mjs";

const browser = useBrowser();

async function openDemo(t, init) {
  const server = await startDemo();
  t.after(server.stop);
  const page = await browser.open(t, server.url, init);
  await ready(page);
  return { server, page, ...partsOf(page) };
}

test("comes back after a cut and shows why it was away", async (t) => {
  const { server, page, click, shows, attempt, countdown, cause, row } = await openDemo(
    t,
    () => (Math.random = () => 0.99), // so that there is time to look at the countdown
  );
  assert.ok(await page.getByTestId("reconnect-primes").isDisabled(), "nothing to hurry");
  await click("cut-primes");
  await shows("primes", "waiting");
  assert.equal(await attempt("primes"), "1");
  assert.match(await countdown("primes"), /^\d+\.\d s$/);
  assert.match(await cause("primes"), /transport_(close|error)/);
  assert.equal(await page.getByTestId("status-jobs").textContent(), "connected");
  await ready(page);
  await trigger(server, "batch_added", { id: "batch-after" });
  await row("batch-row", "batch-after").waitFor();
  assert.equal((await server.connections()).webSockets, 3);
  assert.deepEqual(page.errors, []);
});

/** Keeps each map that has the name of an event as a key: the core's names, the facade's listeners. */
function keepMapsOfEvents() {
  window.maps = new Set();
  const { set } = Map.prototype;
  Map.prototype.set = function (key, value) {
    if (key === "batch:added") window.maps.add(this);
    return set.call(this, key, value);
  };
}

/** Has the connection cut and hurries the next attempt, so many times; resolves when connected. */
async function reconnect(times) {
  const { primes } = window.sockeyeDemo;
  const first = (observable, matches) =>
    new Promise((resolve) => {
      const leave = new AbortController();
      const next = (value) => {
        if (!matches(value)) return;
        leave.abort();
        resolve();
      };
      observable.subscribe(next, { signal: leave.signal });
    });
  for (let count = 0; count < times; count += 1) {
    const waiting = first(primes.status, ({ state }) => state === "waiting");
    const welcome = first(primes.on("welcome"), () => true);
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify({ contract: "primes" });
    await fetch("/control/cut", { method: "POST", headers, body });
    await waiting;
    primes.reconnectNow();
    await welcome;
  }
}

test("hears each event once after 50 reconnections", async (t) => {
  const { server, page, eventCount, row } = await openDemo(t, keepMapsOfEvents);
  const names = () => page.evaluate(() => [...window.maps].map((map) => [...map.keys()].sort()));
  const before = await names();
  assert.equal(before.length, 2, "the core's names and the facade's");
  await page.evaluate(() => {
    window.heard = [];
    window.sockeyeDemo.primes
      .on("batch:added")
      .subscribe(({ batch }) => window.heard.push(batch.id));
  });
  await page.evaluate(reconnect, 50);
  await ready(page);

  const counted = await eventCount();
  for (const id of ["batch-1", "batch-2"]) await trigger(server, "batch_added", { id });
  await row("batch-row", "batch-2").waitFor();
  await waitFor("the count", async () => (await eventCount()) === counted + 2);
  assert.deepEqual(await page.evaluate(() => window.heard), ["batch-1", "batch-2"]);
  const { count, webSockets } = await server.connections();
  assert.deepEqual([count, webSockets], [3, 3]);
  assert.deepEqual(await names(), before);
  assert.deepEqual(page.errors, []);
});

/** Ends the waits of all clients. */
const hurry = (page) =>
  page.evaluate(() => {
    for (const client of Object.values(window.sockeyeDemo)) client.reconnectNow();
  });

test("shows attempts and countdowns while the server is down, and recovers", async (t) => {
  const { server, page, shows, attempt, countdown, cause, row } = await openDemo(t);
  await server.stop();
  for (const name of ["primes", "jobs"]) {
    await shows(name, "waiting");
    assert.match(await countdown(name), /^\d+\.\d s$/);
  }
  await waitFor("a third attempt", async () => {
    await hurry(page);
    return Number(await attempt("primes")) >= 3;
  });
  await waitFor("the reason", async () => /server_unreachable/.test(await cause("primes")));

  const second = await startDemo(server.port);
  t.after(second.stop);
  for (const name of ["primes", "jobs"]) {
    await waitFor(`${name} to connect`, async () => {
      await hurry(page);
      return (await page.getByTestId(`status-${name}`).textContent()) === "connected";
    });
    assert.equal(await attempt(name), "–");
    assert.equal(await countdown(name), "–");
  }
  await ready(page);
  await trigger(second, "batch_added", { id: "batch-after" });
  await row("batch-row", "batch-after").waitFor();
  assert.deepEqual(page.errors, []);
});

test("stays away when it is told to disconnect, and comes back when told to", async (t) => {
  const { server, page, click, shows } = await openDemo(t);
  await click("toggle-jobs");
  await shows("jobs", "disconnected");
  await waitFor("one connection less", async () => (await server.connections()).webSockets === 2);
  await click("toggle-jobs");
  await ready(page);
  assert.equal((await server.connections()).webSockets, 3);
  assert.deepEqual(page.errors, []);
});
