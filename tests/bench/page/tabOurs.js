/** A client that listens, with its core in a worker if one is given. */
import { createClient } from "sockeye-client";

export async function connect(worker) {
  const options = { autoConnect: false, transports: ["websocket"], ...(worker && { worker }) };
  const client = createClient(location.origin, options);
  client.on("quote").subscribe(() => {});
  await client.connect();
  return { request: (event) => client.request(event) };
}
