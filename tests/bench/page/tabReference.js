/** The same with socket.io-client. */
import { io } from "socket.io-client";

export async function connect() {
  const socket = io({ transports: ["websocket"] });
  socket.on("quote", () => {});
  await new Promise((resolve) => socket.on("connect", resolve));
  return { request: (event) => socket.emitWithAck(event) };
}
