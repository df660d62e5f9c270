/** The Socket.IO Admin UI as the mock server serves it, in Chromium, with two clients to look at. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { io } from "socket.io-client";
import { useBrowser } from "../support/browser.mjs";
import { startMock } from "../support/mock.mjs";

const browser = useBrowser();
const password = "what nobody guesses";
let server;
before(async () => {
  const args = ["--rate", "0", "--admin", "--admin-user", "ada", "--admin-password", password];
  server = await startMock({ args });
});
after(() => server.stop());

/** Connects a client to one of the contracts, and lets it go when the test ends. */
async function connect(t, address, options) {
  const client = io(`${server.url}${address}`, { ...options, forceNew: true });
  t.after(() => client.disconnect());
  await once(client, "connect");
  return client;
}

const connectPrimes = (t) => connect(t, "", { path: "/primes/socket.io" });
const connectJobs = (t) =>
  connect(t, "/jobs", { path: "/jobs/socket.io", transports: ["websocket"] });

/** Opens the page, which knows its server, and signs in. */
async function openPage(t, given = password) {
  const page = await browser.open(t, `${server.url}/admin`);
  page.setDefaultTimeout(20_000);
  await page.getByLabel("Username").fill("ada");
  await page.getByLabel("Password").fill(given);
  await page.getByRole("button", { name: "Connect" }).click();
  return page;
}

async function show(page, part, namespace) {
  await page.getByRole("navigation").getByText(part, { exact: true }).click();
  if (namespace === undefined) return;
  await page.getByRole("main").getByRole("button").first().click();
  await page.getByRole("option", { name: namespace }).click();
}

/** What the bar at the top says of the page's own connection. */
const status = (page, words) => page.locator(".v-app-bar .v-chip", { hasText: words }).first();

const row = (page, ...texts) =>
  texts.reduce((rows, hasText) => rows.filter({ hasText }), page.locator("tbody tr"));

test("shows the clients of every contract, their rooms and their events", async (t) => {
  const primes = await connectPrimes(t);
  const page = await openPage(t);
  await status(page, /^connected$/).waitFor();
  const jobs = await connectJobs(t);
  for (const [namespace, count] of [
    ["primes:/", "1"],
    ["jobs:/jobs", "1"],
    ["craft:/", "0"],
  ]) {
    await row(page, namespace, count).waitFor();
  }

  await show(page, "Sockets", "primes:/");
  await row(page, primes.id, "WebSocket").waitFor();
  assert.equal(await row(page, jobs.id).count(), 0, "it is in another namespace");
  await show(page, "Sockets", "jobs:/jobs");
  await row(page, jobs.id, "127.0.0.1").waitFor();

  const answer = await jobs.emitWithAck("subscribe:jobs", { jobId: "job-7" });
  assert.equal(answer.success, true);
  await show(page, "Rooms");
  await row(page, "job:job-7", "1").waitFor();
  await show(page, "Events");
  await row(page, jobs.id, "subscribe:jobs").waitFor();
  await row(page, "Room joined", "job:job-7").waitFor();

  const { id } = jobs;
  jobs.disconnect();
  await row(page, id, "client namespace disconnect").waitFor();
  assert.deepEqual(page.errors, []);
});

test("does what its buttons say", async (t) => {
  const [first, second] = [await connectPrimes(t), await connectPrimes(t)];
  const page = await openPage(t);
  await show(page, "Sockets", "primes:/");
  const { id } = first;
  const gone = once(first, "disconnect");
  await row(page, id).getByRole("button").last().click();
  assert.deepEqual((await gone)[0], "io server disconnect");
  await show(page, "Events");
  await row(page, id, "server namespace disconnect").waitFor();
  assert.equal(second.connected, true);
});

test("refuses a wrong password, and shows nothing", async (t) => {
  await connectPrimes(t);
  const page = await openPage(t, "a guess");
  await page.getByText("Invalid credentials").waitFor();
  await status(page, /^disconnected$/).waitFor();
  assert.equal(await row(page, "primes:/").count(), 0);
});

test("comes back without a password after a reload", async (t) => {
  const page = await openPage(t);
  await status(page, /^connected$/).waitFor();
  await page.reload();
  await status(page, /^connected$/).waitFor();
  assert.equal(await page.getByLabel("Password").isVisible(), false);
});

test("loads nothing from anywhere else, and has its icons", async (t) => {
  const page = await browser.open(t, "about:blank");
  const hosts = new Set();
  page.on("request", (request) => hosts.add(new URL(request.url()).host));
  await page.goto(`${server.url}/admin`);
  await page.getByLabel("Password").waitFor();
  assert.deepEqual([...hosts], [new URL(server.url).host]);
  const icons = await page.$$eval(".mdi", (all) =>
    all.map((icon) => {
      const { maskImage, width } = getComputedStyle(icon, "::before");
      return maskImage.startsWith("url(") && Number.parseFloat(width) > 0;
    }),
  );
  assert.ok(icons.length > 5 && icons.every(Boolean), `${icons.length} icons`);
  assert.deepEqual(page.errors, []);
});
