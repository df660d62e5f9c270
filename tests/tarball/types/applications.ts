/** What applications import, used as they would. Compiled, never run. */
import { createClient, isSockeyeError, type Client } from "sockeye-client";
import { io, type Socket } from "sockeye-client/compat";
import { logTrace } from "sockeye-client/debug";
import { createClient as createInlineClient } from "sockeye-client/inline";
import { createSockeyeContext, type SockeyeProviderProps } from "sockeye-client/react";
import { memoryOutboxStore } from "sockeye-client/stores";
import { createMockServer, type MockServer } from "sockeye-client/testing";
import { createClient as createUrlClient, type WasmSource } from "sockeye-client/url";
import type { WorkerFactory } from "sockeye-client/worker";

interface Received {
  news: (text: string) => void;
}
interface Sent {
  double: (value: number, answer: (doubled: number) => void) => void;
}

export const client: Client<Received, Sent> = createClient<Received, Sent>("https://example.com", {
  outbox: { store: memoryOutboxStore() },
});
export const doubled: Promise<number> = client.request("double", 21);
const sources: WasmSource[] = ["/sockeye.wasm", () => fetch("/sockeye.wasm"), new Uint8Array(8)];
export const byUrl: Client<Received, Sent>[] = sources.map((wasm) =>
  createUrlClient<Received, Sent>("https://example.com", { wasm }),
);
// @ts-expect-error the wasm has to be somewhere
createUrlClient("https://example.com", {});
export const inline: Client<Received, Sent> = createInlineClient("https://example.com");
export const context = createSockeyeContext<Received, Sent>();
export type Props = SockeyeProviderProps<Client<Received, Sent>>;
export const socket: Socket<Received, Sent> = io("https://example.com");
export const code = (error: unknown) => (isSockeyeError(error) ? error.code : undefined);
export const trace = logTrace(client, { level: "info" });
export const mock: MockServer<Sent, Received> = createMockServer<Sent, Received>();
mock.on("connection", (from) => {
  from.on("double", (value, answer) => answer(2 * value));
  from.emit("news", "welcome");
});
export const mocked = createClient<Received, Sent>("http://mock", mock.clientOptions());

export const worker: WorkerFactory = () => new Worker("/socket.worker.js", { type: "module" });
export const besideThePage = createClient("https://example.com", { worker });
