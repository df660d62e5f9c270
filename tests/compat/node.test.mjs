/** The cases in Node, with the official client and with ours. */
import { describe, test } from "node:test";
import { WebSocket } from "ws";
import { runCase } from "./setting.js";
import { casesFor, clients, limitMs, starter } from "./support.mjs";

globalThis.WebSocket ??= WebSocket; // before Node 22 there is none

for (const name of clients) {
  const client = { name, module: await import(name), environment: "node" };
  describe(name, () => {
    for (const [title, body] of casesFor("node")) {
      test(title, { timeout: limitMs }, (t) => runCase(body, client, starter(t), t.signal));
    }
  });
}
