/** Tabs that share one core in a shared worker: what they share, who gets what, and what follows when one goes. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startChromium } from "../support/chromium.mjs";
import { startSite } from "../support/site.mjs";
import { startTabServer } from "../support/tabServer.mjs";
import { waitFor } from "../support/wait.mjs";

let site;
let browser;
before(async () => {
  site = await startSite({ headers: { "cache-control": "no-cache" } });
  browser = await startChromium();
});
after(async () => {
  await browser?.kill();
  await site.stop();
});

const limit = { timeout: 60_000 };
/** From when a tab has gone until nothing is held for it. */
const releaseMs = 2_000;

/** Returns what opens tabs with `window.client`, not yet connected, and `window.codes` of what it told. */
function openWindow(t, url) {
  return async (options = {}, file = "/socketWorker.js") => {
    const tab = await browser.open(site.url);
    t.after(() => tab.close().catch(() => {})); // by the test, maybe
    await tab.evaluate(
      (url, options, file) => {
        const worker = () => new SharedWorker(file, { type: "module" });
        Object.assign(window, { codes: [], heard: [], opened: 0 });
        const { open } = IDBFactory.prototype;
        IDBFactory.prototype.open = function (...args) {
          window.opened += 1;
          return open.apply(this, args);
        };
        window.client = window.kit.makeClient(url, { worker, ...options });
        window.client.errors.subscribe(({ code }) => window.codes.push(code));
      },
      url,
      options,
      file,
    );
    return tab;
  };
}

/** Ends all shared workers, without a word to them. */
async function endSharedWorkers() {
  const { targetInfos } = await browser.cdp.send("Target.getTargets", {
    filter: [{ type: "shared_worker" }],
  });
  for (const { targetId } of targetInfos)
    await browser.cdp.send("Target.closeTarget", { targetId });
}

const connect = (page) => page.evaluate(() => window.client.connect());
const state = (page) => page.evaluate(() => window.client.status.value.state);
const codes = (page) => page.evaluate(() => window.codes);
const heard = (page) => page.evaluate(() => window.heard);
const who = (page) => page.evaluate(() => window.client.request("who"));

const items = (tab) =>
  tab.evaluate(() => window.client.outbox.items.value.map(({ event }) => event));

/** Has a tab note the events of these names in `window.heard`. */
const hear = (page, ...names) =>
  page.evaluate((names) => {
    for (const name of names)
      window.client.on(name).subscribe((value) => window.heard.push([name, value]));
  }, names);

test("two tabs have one connection, and each its own answers", limit, async (t) => {
  const { url, connections } = await startTabServer(t);
  const openTab = openWindow(t, url);
  const tabs = [await openTab(), await openTab()];
  await Promise.all(tabs.map(connect));
  const ids = await Promise.all(tabs.map(who));
  assert.equal(ids[0], ids[1]);
  assert.deepEqual(await Promise.all(tabs.map(state)), ["connected", "connected"]);
  const seen = await Promise.all(tabs.map((tab) => tab.evaluate(() => window.client.id)));
  assert.deepEqual(seen, ids);
  assert.equal(connections.length, 1);
  const answers = tabs.map((tab, index) =>
    tab.evaluate((number) => window.client.request("count", number), index),
  );
  assert.deepEqual((await Promise.all(answers)).sort(), [1, 2]);
  for (const tab of tabs) {
    assert.deepEqual(await tab.evaluate(() => window.codes), []);
  }
});

test("ten tabs have one connection as long as one of them is there", limit, async (t) => {
  const { url, io, connections, reasons } = await startTabServer(t);
  const openTab = openWindow(t, url);
  const tabs = [];
  for (let number = 0; number < 10; number += 1) {
    tabs.push(await openTab());
    await hear(tabs[number], "news");
    await connect(tabs[number]);
  }
  const ids = await Promise.all(tabs.map(who));
  assert.equal(new Set(ids).size, 1);
  io.emit("news", "for all");
  for (const tab of tabs) await waitFor("the news", async () => (await heard(tab)).length === 1);
  while (tabs.length > 1) {
    await tabs.pop().close();
    assert.deepEqual(await who(tabs[0]), ids[0]);
  }
  assert.deepEqual([connections.length, reasons], [1, []]);
  await tabs[0].close();
  await waitFor("the end of the connection", () => reasons.length === 1);
});

test("an event reaches exactly the tabs that listen", limit, async (t) => {
  const { url, io } = await startTabServer(t);
  const openTab = openWindow(t, url);
  const tabs = [await openTab(), await openTab(), await openTab()];
  await hear(tabs[0], "both", "first", "end");
  await hear(tabs[1], "both", "end");
  await hear(tabs[2], "end");
  await Promise.all(tabs.map(connect));
  for (const name of ["both", "first", "nobody", "end"]) io.emit(name, 1);
  for (const tab of tabs)
    await waitFor("the end", async () => (await heard(tab)).some(([name]) => name === "end"));
  const names = await Promise.all(
    tabs.map(async (tab) => (await heard(tab)).map(([name]) => name)),
  );
  assert.deepEqual(names, [["both", "first", "end"], ["both", "end"], ["end"]]);
});

test("the server's question is answered once, by a tab that answers", limit, async (t) => {
  const { url, connections } = await startTabServer(t);
  const openTab = openWindow(t, url);
  const tabs = [await openTab(), await openTab(), await openTab()];
  await Promise.all(tabs.map(connect));
  for (const [index, tab] of tabs.slice(1).entries())
    await tab.evaluate((index) => {
      window.client.respond("question", (text) => {
        window.heard.push(text);
        return `${text} ${index}`;
      });
    }, index);
  await who(tabs[2]); // by then the worker knows who answers
  await who(tabs[1]);
  const answer = await connections[0].timeout(5_000).emitWithAck("question", "how?");
  assert.match(answer, /^how\? [01]$/);
  for (const tab of tabs.slice(1))
    await waitFor("the question", async () => (await heard(tab)).length === 1);
  assert.deepEqual(await heard(tabs[0]), []);
});

test("tabs with another user, or other options, do not share", limit, async (t) => {
  const { url, connections } = await startTabServer(t);
  const openTab = openWindow(t, url);
  const options = [{ identity: "alice" }, { identity: "alice" }, { identity: "bob" }, {}];
  const tabs = [];
  for (const one of [...options, { withCredentials: true }]) tabs.push(await openTab(one));
  await Promise.all(tabs.slice(0, 4).map(connect));
  const ids = await Promise.all(tabs.slice(0, 4).map(who));
  assert.equal(ids[0], ids[1]);
  assert.equal(new Set(ids).size, 3);
  assert.equal(connections.length, 3);
});

test("a tab that changes its user moves to the connection of that user", limit, async (t) => {
  const { url, connections, reasons, io } = await startTabServer(t);
  const openTab = openWindow(t, url);
  const [alice, other, bob] = [
    await openTab({ identity: "alice" }),
    await openTab({ identity: "alice" }),
    await openTab({ identity: "bob" }),
  ];
  await hear(alice, "news");
  await Promise.all([alice, other, bob].map(connect));
  assert.equal(connections.length, 2);
  const id = await who(bob);
  await alice.evaluate(() => window.client.setIdentity("bob"));
  assert.equal(await who(alice), id);
  assert.equal(connections.length, 2);
  assert.deepEqual(reasons, []);
  io.to(id).emit("news", 1);
  await waitFor("news", async () => (await heard(alice)).length === 1);
  await other.evaluate(() => window.client.setIdentity("carol"));
  const next = await who(other);
  assert.notEqual(next, id);
  await waitFor("the end of alice's", () => reasons.length === 1);
  assert.equal(io.of("/").sockets.size, 2);
  assert.equal(await state(other), "connected");
});

test(
  "a tab that is closed leaves the others as they are, and the last one ends the connection",
  limit,
  async (t) => {
    const { url, connections, reasons, io } = await startTabServer(t);
    const openTab = openWindow(t, url);
    const tabs = [await openTab(), await openTab()];
    await hear(tabs[1], "news");
    await Promise.all(tabs.map(connect));
    await tabs[0].close();
    io.emit("news", 1);
    await waitFor("news", async () => (await heard(tabs[1])).length === 1);
    assert.equal(await state(tabs[1]), "connected");
    assert.deepEqual(reasons, []);
    await tabs[1].evaluate(() => window.client.destroy());
    await waitFor("the end of the connection", () => reasons.length === 1);
    assert.deepEqual(reasons, ["client namespace disconnect"]);
    assert.equal(connections.length, 1);
  },
);

test("a tab that joins gets the status and the newest value", limit, async (t) => {
  const { url, io } = await startTabServer(t);
  const openTab = openWindow(t, url);
  const hearNewest = (tab) =>
    tab.evaluate(async () => {
      const { latest } = await import("/sockeye/index.js");
      const cursors = latest(window.client.on("cursor"), { every: 20 });
      cursors.subscribe((value) => window.heard.push(value));
    });
  const first = await openTab();
  await hearNewest(first);
  await connect(first);
  for (const at of [1, 2, 3]) io.emit("cursor", at);
  await waitFor("the newest", async () => (await heard(first)).includes(3));
  const joining = await openTab();
  await hearNewest(joining);
  await connect(joining);
  await waitFor("the newest", async () => (await heard(joining)).length === 1);
  assert.deepEqual(await heard(joining), [3]);
  assert.equal(await joining.evaluate(() => window.client.continuity.value.kind), "fresh");
  assert.equal(await joining.evaluate(() => window.client.recovered), false);
});

const goings = {
  "is closed": (tab) => tab.close(),
  crashes: (tab) => tab.crash(),
  "is frozen": (tab) => tab.freeze(),
  "goes elsewhere": (tab) => tab.navigate("about:blank"),
};
for (const [how, go] of Object.entries(goings))
  test(`a tab that ${how} has let go of everything within two seconds`, limit, async (t) => {
    const { url, connections, reasons, left } = await startTabServer(t);
    const openTab = openWindow(t, url);
    const [staying, going] = [await openTab(), await openTab()];
    for (const tab of [staying, going]) await connect(tab); // the worker is in the process of the first
    await going.evaluate(async () => {
      const room = window.client.topic({ join: ["join", "room"], leave: ["leave", "room"] });
      room.retain();
      await room.ready;
    });
    const start = performance.now();
    await go(going);
    await waitFor("the server to know", () => left.length === 1);
    const tookMs = performance.now() - start;
    assert.ok(tookMs <= releaseMs, `it took ${tookMs} ms`);
    assert.equal(await state(staying), "connected");
    assert.deepEqual(reasons, []);
    assert.equal(connections.length, 1);
  });

test(
  "a tab goes on when another one crashes that may have had the worker in its process",
  limit,
  async (t) => {
    const { url, counted } = await startTabServer(t);
    const openTab = openWindow(t, url);
    const [staying, going] = [await openTab(), await openTab()];
    for (const tab of [going, staying]) await connect(tab);
    await staying.evaluate(async () => {
      window.client.outbox.pause();
      await window.client.enqueue("count", 7).accepted;
    });
    await going.crash();
    await staying.evaluate(() => window.client.outbox.resume());
    await waitFor("the action", () => counted.length === 1);
    await staying.evaluate(() => window.kit.until(window.client, "connected"));
    await waitFor("its end", async () => (await items(staying)).length === 0);
    assert.deepEqual(counted, [7]);
  },
);

test("a tab that was frozen is connected again when it goes on", limit, async (t) => {
  const { url, connections, io } = await startTabServer(t);
  const openTab = openWindow(t, url);
  const [staying, going] = [await openTab(), await openTab()];
  await hear(going, "news");
  await Promise.all([staying, going].map(connect));
  await going.freeze();
  await going.thaw();
  assert.equal(await who(going), connections[0].id);
  io.emit("news", 1);
  await waitFor("news", async () => (await heard(going)).length === 1);
  assert.equal(await going.evaluate(() => window.client.continuity.value.kind), "gap");
  assert.equal(connections.length, 1);
});

test("a tab that comes back from the back/forward cache is connected again", limit, async (t) => {
  const { url, connections } = await startTabServer(t);
  const openTab = openWindow(t, url);
  const [staying, going] = [await openTab(), await openTab()];
  await Promise.all([staying, going].map(connect));
  await going.navigate(`${site.url}/?next`);
  assert.equal(await going.back(), "BackForwardCacheRestore");
  assert.equal(await who(going), connections[0].id);
  assert.deepEqual(await going.evaluate(() => window.codes), []);
});

test("an action of one tab is shown in the others, and sent once", limit, async (t) => {
  const { url, connections, counted } = await startTabServer(t);
  const openTab = openWindow(t, url);
  const tabs = [await openTab(), await openTab()];
  await Promise.all(tabs.map(connect));
  await tabs[0].evaluate(async () => {
    window.client.outbox.pause();
    window.action = window.client.enqueue("count", 7);
    await window.action.accepted;
  });
  tabs.push(await openTab());
  await connect(tabs[2]);
  for (const tab of tabs)
    await waitFor("the action", async () => (await items(tab)).join() === "count");
  await tabs[0].evaluate(() => window.client.outbox.resume());
  assert.equal(await tabs[0].evaluate(() => window.action.result), 1);
  for (const tab of tabs) await waitFor("its end", async () => (await items(tab)).length === 0);
  assert.deepEqual(counted, [7]);
  assert.equal(connections.length, 1);
  const opened = await tabs[0].evaluate(() => window.opened);
  assert.equal(opened, 0, "the page has opened a database");
});

test("an action outlives the tab that enqueued it, and all tabs", limit, async (t) => {
  const { url, counted } = await startTabServer(t);
  const openTab = openWindow(t, url);
  const tabs = [await openTab(), await openTab()];
  await Promise.all(tabs.map(connect));
  for (const [index, tab] of tabs.entries()) {
    await tab.evaluate(async (number) => {
      window.client.outbox.pause();
      await window.client.enqueue("count", number).accepted;
    }, index);
    if (index === 0) continue;
    await tabs[0].close();
    assert.deepEqual(counted, []);
    await tab.close();
  }
  const next = await openTab();
  await connect(next);
  await waitFor("both", () => counted.length === 2);
  assert.deepEqual(counted, [0, 1]);
  await waitFor("their end", async () => (await items(next)).length === 0);
});

test("each user has actions of their own, wherever the tab goes", limit, async (t) => {
  const { url, counted } = await startTabServer(t);
  const openTab = openWindow(t, url);
  const [alice, bob] = [await openTab({ identity: "alice" }), await openTab({ identity: "bob" })];
  const enqueue = (tab, number) =>
    tab.evaluate((number) => window.client.enqueue("count", number).accepted, number);
  await enqueue(alice, 1);
  await enqueue(bob, 2);
  await alice.evaluate(() => window.client.setIdentity("bob"));
  await waitFor("bob's", async () => (await items(alice)).length === 1);
  await connect(alice);
  await waitFor("bob's", () => counted.length === 1);
  assert.deepEqual(counted, [2]);
  await alice.evaluate(() => window.client.setIdentity("alice"));
  await waitFor("alice's", () => counted.length === 2);
  assert.deepEqual(counted, [2, 1]);
});

test(
  "tabs go on with another worker when theirs has ended, and lose no action",
  limit,
  async (t) => {
    const { url, counted, connections } = await startTabServer(t);
    const openTab = openWindow(t, url);
    const tabs = [await openTab(), await openTab()];
    await Promise.all(tabs.map(connect));
    await tabs[0].evaluate(async () => {
      window.client.outbox.pause();
      await window.client.enqueue("count", 7).accepted;
    });
    await endSharedWorkers();
    for (const tab of tabs)
      await waitFor("the failure", async () => (await codes(tab)).includes("core_failed"));
    await tabs[0].evaluate(() => window.client.outbox.resume());
    await waitFor("the action", () => counted.length === 1);
    for (const tab of tabs) await waitFor("its end", async () => (await items(tab)).length === 0);
    assert.equal(await who(tabs[0]), await who(tabs[1]));
    assert.equal(connections.length, 2);
    assert.deepEqual(counted, [7]);
  },
);

test("goes on in the page where the worker is of another version", limit, async (t) => {
  const { url } = await startTabServer(t);
  const openTab = openWindow(t, url);
  const tab = await openTab({}, "/oldSharedWorker.js");
  await connect(tab);
  assert.deepEqual(await tab.evaluate(() => window.codes), ["worker_failed"]);
  assert.equal(typeof (await who(tab)), "string");
});

test("has a worker of its own where the shared one is of another version", limit, async (t) => {
  const { url, connections } = await startTabServer(t);
  const tab = await browser.open(site.url);
  t.after(() => tab.close());
  const [asked, codes, messages] = await tab.evaluate(async (url) => {
    const [asked, errors] = [[], []];
    const worker = ({ isShared }) => {
      asked.push(isShared);
      return isShared
        ? new SharedWorker("/oldSharedWorker.js", { type: "module" })
        : new Worker("/socketWorker.js", { type: "module" });
    };
    const client = window.kit.makeClient(url, { worker });
    client.errors.subscribe((error) => errors.push(error));
    await client.connect();
    await client.request("who");
    return [asked, errors.map(({ code }) => code), errors.map(({ message }) => message)];
  }, url);
  assert.deepEqual([asked, codes], [[true, false], ["worker_failed"]]);
  assert.match(messages[0], /is of the version .*; the client has a worker of its own$/);
  assert.equal(connections.length, 1);
});
