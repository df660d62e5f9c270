import { createClient } from "sockeye-client";

interface ServerEvents {
  news: (text: string) => void;
}

interface ClientEvents {
  double: (number: number, answer: (doubled: number) => void) => void;
  order: (item: string, answer: (confirmation: string) => void) => void;
}

const parameters = new URLSearchParams(location.search);
const server = parameters.get("server");
const element = (id: string) => document.querySelector<HTMLElement>(`[data-testid="${id}"]`)!;
const show = (id: string) => (text: unknown) => (element(id).textContent = String(text));

if (server) {
  const client = createClient<ServerEvents, ClientEvents>(server, {
    worker: parameters.get("worker") === "shared" ? shared : dedicated,
  });
  client.status.subscribe(({ state }) => show("status")(state));
  client.on("news").subscribe(show("news"));
  element("double").onclick = () => void client.request("double", 21).then(show("answer"));
  element("order").onclick = () =>
    client.enqueue("order", "salmon").status.subscribe(({ state }) => show("order-state")(state));
  element("leave").onclick = () => void client.destroy();
}

/** Bundlers find the worker's file only where `new URL` stands in the call itself. */
function dedicated() {
  return new Worker(new URL("./socket.worker.ts", import.meta.url), { type: "module" });
}

/** One for all tabs; the file is the same. */
function shared() {
  return new SharedWorker(new URL("./socket.worker.ts", import.meta.url), { type: "module" });
}
