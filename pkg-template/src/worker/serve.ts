/** Serves the pages that a worker belongs to. */
import { release } from "../wasm/build.js";
import { Host } from "./host.js";
import { isLead } from "./leadership.js";
import { Leading } from "./leading.js";
import { greeting, type Hello, type Told } from "./messages.js";
import { Hubs } from "./shared/hubs.js";
import type { MakeCore, StoringCore } from "./storingCore.js";

/** The part of a worker's global scope that hears of pages. Where there is none, nobody says anything. */
export interface WorkerScope {
  addEventListener?(type: "message" | "connect", listener: (event: MessageEvent) => void): void;
}

/** Makes a core for each page that says hello, or one for those that share it. Whatever else is said is the application's. */
export function serve(scope: WorkerScope, makeCore: MakeCore<StoringCore>): void {
  const hubs = new Hubs(makeCore);
  const join: MakeCore<StoringCore> = (options, events) => hubs.join(options, events);
  const leading = new Leading(join);
  scope.addEventListener?.("message", (event) => {
    const { data } = event as MessageEvent<unknown>;
    if (isLead(data)) leading.set(data.leads);
    else if (isHello(data)) greet(event, data, data.leads ? join : makeCore, false);
  });
  // Only in a shared worker do pages connect.
  // Not every browser tells that a page has gone for good, but a port to it is garbage then. One to a page that may come back is not.
  const gone = new FinalizationRegistry<WeakRef<Host>>((host) => host.deref()?.end());
  scope.addEventListener?.("connect", ({ ports: [page] }) => {
    page?.addEventListener("message", (event) => {
      const { data } = event as MessageEvent<unknown>;
      const host = isHello(data) && greet(event, data, join, true);
      if (host) gone.register(page, new WeakRef(host));
    });
    page?.start();
  });
}

/** Returns what has the core of the page, if there will be one. */
function greet(
  { ports: [port] }: MessageEvent,
  hello: Hello,
  makeCore: MakeCore<StoringCore>,
  isShared: boolean,
): Host | undefined {
  if (!port) return undefined;
  if (hello.release !== release) {
    port.postMessage([["refused", release]] satisfies Told[]);
    return undefined;
  }
  const host = new Host(port, hello, { isShared });
  void host.start(makeCore);
  return host;
}

const isHello = (data: unknown): data is Hello =>
  typeof data === "object" && data !== null && "type" in data && data.type === greeting;
