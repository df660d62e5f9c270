/** Payloads stay JavaScript's: none of their text gets into wasm memory. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { useBrowser } from "../support/browser.mjs";
import { accept, startScripted } from "../support/scripted.mjs";
import { startSite } from "../support/site.mjs";

const browser = useBrowser();
const count = 1_000;
const marker = "MARKER-OF-THE-PAYLOAD";
const namespace = "/namespace-known-to-the-core";
let site, server;

before(async () => {
  site = await startSite();
  server = await startScripted({ script: sendEverything });
});
after(async () => {
  await server.stop();
  await site.stop();
});

/** Each way on which a payload can come: events, events with an id, other namespaces, answers. */
async function sendEverything(peer) {
  await accept(peer);
  await peer.next();
  peer.send(`40${namespace},{"sid":"other-id"}`);
  const [, ackId] = /^42(\d+)\[/.exec(await peer.next());
  peer.send(`43${ackId}[{"text":"${marker.repeat(50)}"}]`);
  for (let index = 0; index < count; index += 1) {
    // So many markers that a copy leaves some, wherever it was and whatever came after it.
    const text = `${marker} ${index % 2 ? "ünïcödé 🐟" : "ASCII"} ${marker.repeat(index % 100)}`;
    const body = `["news",${JSON.stringify({ index, text })}]`;
    peer.send(`42${body}`);
    peer.send(`42${index}${body}`);
    peer.send(`42${namespace},${body}`);
  }
}

/** Keeps the memory of every instance that the page makes. */
function keepMemories() {
  window.memories = [];
  const { instantiate } = WebAssembly;
  WebAssembly.instantiate = async (...args) => {
    const result = await instantiate(...args);
    window.memories.push((result.instance ?? result).exports.memory);
    return result;
  };
}

/** Tells in which encodings `text` stands in wasm memory. */
function scan(text) {
  const bytes = new Uint8Array(window.memories[0].buffer);
  const utf8 = new TextEncoder().encode(text);
  const utf16 = new Uint8Array(Uint16Array.from(text, (unit) => unit.charCodeAt(0)).buffer);
  const holds = (pattern) => {
    for (let at = bytes.indexOf(pattern[0]); at >= 0; at = bytes.indexOf(pattern[0], at + 1)) {
      if (pattern.every((byte, offset) => bytes[at + offset] === byte)) return true;
    }
    return false;
  };
  return { utf8: holds(utf8), utf16: holds(utf16) };
}

test("finds no text of 3,000 received payloads in wasm memory", async (t) => {
  const page = await browser.open(t, site.url, keepMemories);
  const received = await page.evaluate(
    async ({ url, namespace, count }) => {
      const { makeClient, take } = window.kit;
      const client = makeClient(url);
      const other = client.namespace(namespace);
      await client.connect();
      const root = take(client.on("news"), 2 * count);
      const rest = take(other.on("news"), count);
      await other.connect();
      const answer = await client.request("question", "MARKER-OF-THE-REQUEST ".repeat(50));
      return [...(await root), ...(await rest), answer].map(({ text }) => text);
    },
    { url: server.url, namespace, count },
  );
  assert.equal(received.length, 3 * count + 1);
  assert.ok(received.every((text) => text.startsWith(marker)));

  assert.deepEqual(await page.evaluate(scan, marker), { utf8: false, utf16: false });
  const requested = await page.evaluate(scan, "MARKER-OF-THE-REQUEST");
  assert.deepEqual(requested, { utf8: false, utf16: false });
  const known = await page.evaluate(scan, namespace);
  assert.deepEqual(known, { utf8: true, utf16: false }, "the scan finds what is there");
});
