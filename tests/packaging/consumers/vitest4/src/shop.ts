import { type ClientOptions, createClient } from "sockeye-client";

export interface ServerEvents {
  news: (text: string) => void;
}

export interface ClientEvents {
  double: (number: number, answer: (doubled: number) => void) => void;
  order: (item: string, answer: (confirmation: string) => void) => void;
}

/** What an application makes of a client; it is told where the server is, and tests tell it another one. */
export function openShop(server: string, options?: ClientOptions) {
  const client = createClient<ServerEvents, ClientEvents>(server, options);
  return {
    status: client.status,
    news: client.on("news"),
    open: () => client.connect(),
    double: (number: number) => client.request("double", number),
    order: (item: string) => client.enqueue("order", item).result,
    close: () => client.destroy(),
  };
}
