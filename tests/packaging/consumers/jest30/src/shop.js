import { createClient } from "sockeye-client";

/** What an application makes of a client; it is told where the server is, and tests tell it another one. */
export function openShop(server, options) {
  const client = createClient(server, options);
  return {
    status: client.status,
    news: client.on("news"),
    open: () => client.connect(),
    double: (number) => client.request("double", number),
    order: (item) => client.enqueue("order", item).result,
    close: () => client.destroy(),
  };
}
