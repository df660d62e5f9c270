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
    if (!isLead(data)) greet(event, makeCore, join);
    else if (data.leads) leading.begin();
    else leading.end();
  });
  // Only in a shared worker do pages connect.
  scope.addEventListener?.("connect", ({ ports: [page] }) => {
    page?.addEventListener("message", (event) => greet(event, join, join));
    page?.start();
  });
}

function greet(
  { data, ports: [port] }: MessageEvent<unknown>,
  makeCore: MakeCore<StoringCore>,
  join: MakeCore<StoringCore>,
): void {
  if (!port || !isHello(data)) return;
  if (data.release === release) void new Host(port, data).start(data.leads ? join : makeCore);
  else port.postMessage([["refused", release]] satisfies Told[]);
}

const isHello = (data: unknown): data is Hello =>
  typeof data === "object" && data !== null && "type" in data && data.type === greeting;
