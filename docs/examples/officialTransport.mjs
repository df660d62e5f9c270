/** The example of `docs/testing.md` for programs of `socket.io-client`. */
import { WebSocket } from "engine.io-client";

/** A transport to a mock server: `io("http://mock", { transports: [transportTo(server)] })`. */
export const transportTo = (server) =>
  class extends WebSocket {
    createSocket(address) {
      return new server.WebSocket(address);
    }
  };
