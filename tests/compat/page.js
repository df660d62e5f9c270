/** What a page runs: the cases, with the client that it was bundled for. */
import * as client from "client-under-test";
import { cases } from "./cases/index.js";
import { runCase } from "./setting.js";

const bodies = new Map(cases);
const environment = "browser";

/** Runs a case by its title; `window.startServer` and `window.callServer` are the test's. */
window.runCase = (title, name) =>
  runCase(bodies.get(title), { name, module: client, environment }, async (options) => {
    const { id, url } = await window.startServer(options);
    return { url, call: (operation, args) => window.callServer(id, operation, args) };
  });
