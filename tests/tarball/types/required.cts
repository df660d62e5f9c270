/** What CommonJS modules require. Compiled, never run. */
import client = require("sockeye-client");
import compat = require("sockeye-client/compat");
import debug = require("sockeye-client/debug");
import inline = require("sockeye-client/inline");
import react = require("sockeye-client/react");
import server = require("sockeye-client/server");
import stores = require("sockeye-client/stores");
import testing = require("sockeye-client/testing");
import url = require("sockeye-client/url");
import worker = require("sockeye-client/worker");

const address = "https://example.com";
const client1: client.Client = client.createClient(address);
const client2: inline.Client = client1; // they are one
const answer: Promise<unknown> = client2.request("question");
const trace = debug.logTrace(client1);
const store = stores.memoryOutboxStore();
const context = react.createSockeyeContext();
const helper = server.createServerHelper({ store: server.memoryStore() });

const makeWorker: worker.WorkerFactory = () => new Worker("/socket.worker.js");

export = {
  makeWorker,
  answer,
  store,
  context,
  helper,
  mock: testing.createMockServer(),
  socket: compat.io(address),
  inline: inline.createClient(address),
  url: url.createClient(address, { wasm: "/sockeye.wasm" }),
};
