/** The default entry, whose engine is loaded when it connects. */
import { createClient } from "sockeye-client";

export function connect({ handleConnected, handleEvent }) {
  const client = createClient(location.origin, { transports: ["websocket"], autoConnect: false });
  client.on("welcome").subscribe(handleEvent);
  void client.connect().then(handleConnected);
}
