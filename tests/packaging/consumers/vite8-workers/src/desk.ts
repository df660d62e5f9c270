/** What a worker does for a page. In workers the entry with the engine in it suits every bundler. */
import { createClient } from "sockeye-client/inline";

export type Command = ["open", string] | ["double" | "order" | "leave"];
export type Report = ["status" | "news" | "answer" | "order-state", string];

interface ServerEvents {
  news: (text: string) => void;
}

interface ClientEvents {
  double: (number: number, answer: (doubled: number) => void) => void;
  order: (item: string, answer: (confirmation: string) => void) => void;
}

/** Opens a client when the page says where, and returns what handles the page's other commands. */
export function openDesk(server: string, report: (report: Report) => void) {
  const client = createClient<ServerEvents, ClientEvents>(server);
  client.status.subscribe(({ state }) => report(["status", state]));
  client.on("news").subscribe((text) => report(["news", text]));
  const double = async () => report(["answer", String(await client.request("double", 21))]);
  const order = () => {
    const action = client.enqueue("order", "salmon");
    action.status.subscribe(({ state }) => report(["order-state", state]));
  };
  return { double, order, leave: () => client.destroy() };
}

/** A MessagePort, or a dedicated worker's scope. */
interface Port {
  onmessage: ((event: MessageEvent) => void) | null;
  postMessage: (report: Report) => void;
}

/** Serves a page over its port. */
export function servePage(port: Port): void {
  let desk: ReturnType<typeof openDesk> | undefined;
  port.onmessage = ({ data: [name, server] }: MessageEvent<Command>) => {
    if (name === "open") desk = openDesk(server!, (report) => port.postMessage(report));
    else void desk?.[name]();
  };
}
