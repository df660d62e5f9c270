/** What an application writes with a client, and what must not compile. */
import {
  type Action,
  type AnyClient,
  type Client,
  type ClientStatus,
  createClient,
  isSockeyeError,
  type NamespaceClient,
  type SockeyeErrorCode,
} from "sockeye-client";
import { logTrace } from "sockeye-client/debug";
import { createClient as createInline } from "sockeye-client/inline";
import { indexedDbOutboxStore, memoryOutboxStore } from "sockeye-client/stores";
import { createClient as createUrl } from "sockeye-client/url";
import type { WorkerFactory } from "sockeye-client/worker";
import { holds } from "./shared.js";
import type {
  AdminToServer,
  ClientToServer,
  Job,
  Same,
  ServerToAdmin,
  ServerToClient,
} from "./shared.js";

const client = createClient<ServerToClient, ClientToServer>("https://example.com/jobs", {
  auth: async ({ signal }) => ({ token: await (await fetch("/token", { signal })).text() }),
  outbox: { store: memoryOutboxStore() },
  webSocket: WebSocket,
});

// What comes: the one argument, otherwise the tuple of all.
client.on("job:progress").subscribe((job) => holds<Same<typeof job, Job>>());
client.on("moved").subscribe(([x, y]) => holds<Same<[typeof x, typeof y], [number, number]>>());
client.on("cleared").subscribe((nothing) => holds<Same<typeof nothing, undefined>>());
for await (const job of client.on("job:progress")) holds<Same<typeof job, Job>>();
client.respond("are-you-there", (question) => question.length > 0);
// @ts-expect-error -- an event of the other direction
client.on("typing");
// @ts-expect-error -- a listener of other values
client.on("job:progress").subscribe((job: number) => job);
// @ts-expect-error -- an answer of another type
client.respond("are-you-there", () => "yes");

// What is sent.
client.emit("typing", "lobby");
client.emit("typing", "lobby", 5);
client.with({ volatile: true }).emit("typing", "lobby");
// @ts-expect-error -- an argument of another type
client.emit("typing", 5);
// @ts-expect-error -- an event of the other direction
client.emit("cleared");

// Acknowledgements: the one value, otherwise the tuple; with a time limit, too.
const job = await client.request("job:start", "salmon");
holds<Same<typeof job, Job>>();
const found = await client.with({ timeoutMs: 1_000 }).request("job:find", "7");
holds<Same<typeof found, [problem: string | null, job: Job]>>();
const listed = await client.request("job:list", undefined);
holds<Same<typeof listed, Job[]>>();
const flushed = await client.request("flush");
holds<Same<typeof flushed, undefined>>();
// @ts-expect-error -- an event without an acknowledgement
void client.request("typing", "lobby");
// @ts-expect-error -- an unknown option
client.with({ timeout: 1_000 });

const action = client.enqueue("job:start", "salmon");
holds<Same<typeof action, Action<Job>>>();
const narrowed = action.status.value.state;
// @ts-expect-error -- no such state
if (narrowed === "done") await action.result;

// Namespaces have maps of their own.
const admin = client.namespace<ServerToAdmin, AdminToServer>("/admin", { auth: { token: "t" } });
holds<Same<typeof admin, NamespaceClient<ServerToAdmin, AdminToServer>>>();
admin.on("alarm").subscribe((text) => holds<Same<typeof text, string>>());
const until = await admin.request("silence", 5);
holds<Same<typeof until, number>>();
// @ts-expect-error -- an event of another namespace
admin.emit("typing", "lobby");

// States and errors tell their fields apart.
export function describe(status: ClientStatus): string {
  if (status.state === "waiting") return new Date(status.retryAt).toString();
  // @ts-expect-error -- only what waits has a time
  return String(status.retryAt);
}
client.errors.subscribe(({ code, hint }) => {
  holds<Same<typeof code, SockeyeErrorCode>>();
  holds<Same<typeof hint, string>>();
});
const failure: unknown = new Error("any");
if (isSockeyeError(failure) && failure.code === "ack_timeout") client.reconnectNow();
// @ts-expect-error -- no such code
if (isSockeyeError(failure) && failure.code === "timeout") client.reconnectNow();

// Without maps anything goes, and any client is one.
const untyped = createInline("https://example.com");
untyped.emit("anything", 1, "two");
const clients: AnyClient[] = [client, untyped];
const same: Client<ServerToClient, ClientToServer> = client;
void clients;
void same;

// WebCrypto takes the bytes that a cipher is given.
declare const key: CryptoKey;
const algorithm = { name: "AES-GCM", iv: new Uint8Array(12) };
indexedDbOutboxStore({
  name: "shop",
  encrypt: {
    encrypt: async (bytes) => new Uint8Array(await crypto.subtle.encrypt(algorithm, key, bytes)),
    decrypt: async (bytes) => new Uint8Array(await crypto.subtle.decrypt(algorithm, key, bytes)),
  },
});

// The engine as a file, and in a worker.
const apart = createUrl<ServerToClient, ClientToServer>("/jobs", {
  wasm: () => fetch("/assets/sockeye.wasm"),
});
holds<Same<typeof apart, Client<ServerToClient, ClientToServer>>>();
// @ts-expect-error -- nothing says where the file is
createUrl("/jobs", {});
const worker: WorkerFactory = () => new Worker("/worker.js", { type: "module" });
createClient("/jobs", { worker });
// @ts-expect-error -- what makes it, not its address
createClient("/jobs", { worker: "/worker.js" });

// The console.
logTrace(client, { level: "info", payloads: true }).stop();
// @ts-expect-error -- no such level
logTrace(client, { level: "loud" });
