/** A page that was written for socket.io-client; only its import has changed. */
import { io, type Socket } from "sockeye-client/compat"; // was: "socket.io-client"

interface ServerEvents {
  news: (text: string) => void;
}

interface ClientEvents {
  double: (number: number, answer: (doubled: number) => void) => void;
  order: (item: string, answer: (confirmation: string) => void) => void;
}

const server = new URLSearchParams(location.search).get("server");
const element = (id: string) => document.querySelector<HTMLElement>(`[data-testid="${id}"]`)!;
const show = (id: string, text: string) => (element(id).textContent = text);

if (server) {
  const socket: Socket<ServerEvents, ClientEvents> = io(server);
  socket.on("connect", () => show("status", "connected"));
  socket.on("connect_error", (error) => show("status", error.message));
  socket.on("disconnect", (reason) => show("status", reason));
  socket.on("news", (text) => show("news", text));
  element("double").onclick = async () => {
    show("answer", String(await socket.timeout(5_000).emitWithAck("double", 21)));
  };
  element("order").onclick = () => {
    socket.emit("order", "salmon", () => show("order-state", "applied"));
  };
  element("leave").onclick = () => socket.disconnect();
}
