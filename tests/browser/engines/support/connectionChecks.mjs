/** Transports, events, and what a client says of its connection. */
import assert from "node:assert/strict";
import { echoBytes, echoedBytes, exchange, inOrder, startEcho } from "../../support/echo.mjs";
import { listen } from "../../support/listen.mjs";
import { waitFor } from "../../support/wait.mjs";

const EVENTS = 100;

const connect = (page, url, options) =>
  page.evaluate(
    (url, options) => {
      window.client = window.kit.makeClient(url, options);
      return window.client.connect();
    },
    url,
    options,
  );

/** Resolves when the events that the mock server sends to each client have come over this transport. */
async function welcomed({ mock, open }, transport) {
  const page = await open();
  const [welcome] = await page.evaluate(
    async (url, transport) => {
      const options = { path: "/primes/socket.io", transports: [transport] };
      const client = window.kit.makeClient(url, options);
      const welcome = window.kit.take(client.on("welcome"), 1);
      await client.connect();
      return welcome;
    },
    mock.url,
    transport,
  );
  const isOurs = ({ clientId }) => clientId === welcome.clientId;
  const { connections } = await mock.connections();
  assert.equal(connections.find(isOurs).transport, transport);
}

/** Bytes and order over one transport alone, and that the server is told of the end. */
async function carries({ t, open }, transport) {
  const { url, noted } = await startEcho(t);
  const page = await open();
  await connect(page, url, { transports: [transport] });
  assert.deepEqual(await echoBytes(page), echoedBytes);
  assert.deepEqual(await exchange(page, EVENTS), inOrder(EVENTS));
  assert.deepEqual(noted.transports, [transport]);
  await page.evaluate(() => window.client.destroy());
  await waitFor("the end", () => noted.engine.clientsCount === 0);
  assert.deepEqual(noted.reasons, ["client namespace disconnect"]);
}

export const connectionChecks = {
  "is welcomed by the mock server over a WebSocket": (world) => welcomed(world, "websocket"),
  "is welcomed by the mock server over polling": (world) => welcomed(world, "polling"),
  "carries bytes and keeps the order over a WebSocket": (world) => carries(world, "websocket"),
  "carries bytes and keeps the order over polling": (world) => carries(world, "polling"),

  "loses nothing while it changes from polling to a WebSocket": async ({ t, open }) => {
    const { url, noted } = await startEcho(t);
    const page = await open();
    await connect(page, url, { transports: ["polling", "websocket"] });
    assert.deepEqual(await exchange(page, EVENTS), inOrder(EVENTS));
    await waitFor("the change", () => noted.transports.length === 2);
    assert.deepEqual(await echoBytes(page), echoedBytes);
  },

  "goes over polling where no WebSocket gets through": async ({ t, open }) => {
    const { url, noted } = await startEcho(t, { transports: ["polling"] });
    const page = await open();
    await connect(page, url);
    assert.deepEqual(await exchange(page, EVENTS), inOrder(EVENTS));
    assert.deepEqual(noted.transports, ["polling"]);
  },

  "tells of a cut connection and comes back": async ({ mock, open }) => {
    const page = await open();
    const clientId = await page.evaluate(async (url) => {
      window.client = window.kit.makeClient(url, { path: "/primes/socket.io" });
      window.states = [];
      await window.client.connect();
      window.client.status.subscribe((status) => window.states.push(window.kit.toPlain(status)));
      return window.client.id;
    }, mock.url);
    assert.deepEqual(await mock.cut({ clientId }), { cut: 1 });
    const states = await page.evaluate(async () => {
      // It may be back by now.
      const isBack = () => window.states.length > 1 && window.states.at(-1).state === "connected";
      await window.kit.until(window.client, isBack);
      return window.states;
    });
    const names = states.map(({ state }) => state);
    assert.deepEqual(names, ["connected", "waiting", "connecting", "connected"]);
    assert.equal(states[1].cause.code, "transport_close", JSON.stringify(states));
    const answer = await page.evaluate(() => window.client.id);
    assert.notEqual(answer, clientId);
  },

  "reports unreachable_or_cors where nothing listens": async ({ open }) => {
    const { url, stop } = await listen(() => {});
    await stop();
    const page = await open();
    const failure = await page.evaluate(
      (url) => window.kit.outcome(window.kit.makeClient(url).connect()),
      url,
    );
    assert.equal(failure.code, "unreachable_or_cors", JSON.stringify(failure));
  },
};
