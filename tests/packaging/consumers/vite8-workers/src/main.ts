/** The page: it shows what the worker tells, and tells it what is clicked. */
import type { Command, Report } from "./desk";

const parameters = new URLSearchParams(location.search);
const server = parameters.get("server");
const element = (id: string) => document.querySelector<HTMLElement>(`[data-testid="${id}"]`)!;

if (server) {
  const port = parameters.get("worker") === "shared" ? shared() : dedicated();
  port.onmessage = ({ data: [id, text] }: MessageEvent<Report>) => (element(id).textContent = text);
  const tell = (command: Command) => port.postMessage(command);
  tell(["open", server]);
  for (const action of ["double", "order", "leave"] as const) {
    element(action).onclick = () => tell([action]);
  }
}

/** Bundlers find a worker's file only where `new URL` stands in the call itself. */
function dedicated(): Worker {
  return new Worker(new URL("./dedicated.worker.ts", import.meta.url), { type: "module" });
}

function shared(): MessagePort {
  return new SharedWorker(new URL("./shared.worker.ts", import.meta.url), { type: "module" }).port;
}
