/** The entry that gets the wasm as a file of its own. */
import { createClient } from "sockeye-client/url";

export function connect({ handleConnected, handleEvent }) {
  const client = createClient(location.origin, {
    wasm: "/sockeye.wasm",
    transports: ["websocket"],
    autoConnect: false,
  });
  client.on("welcome").subscribe(handleEvent);
  void client.connect().then(handleConnected);
}
