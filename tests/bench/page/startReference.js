/** The official client. */
import { io } from "socket.io-client";

export function connect({ handleConnected, handleEvent }) {
  const socket = io({ transports: ["websocket"] });
  socket.on("welcome", handleEvent);
  socket.on("connect", handleConnected);
}
