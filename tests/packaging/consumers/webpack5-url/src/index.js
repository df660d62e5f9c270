import { createClient } from "sockeye-client/url";
import { openDesk } from "./desk.js";

const wasm = new URL("sockeye-client/sockeye.wasm", import.meta.url);
const element = (id) => document.querySelector(`[data-testid=${id}]`);
const show = (id, text) => (element(id).textContent = text);

const server = new URLSearchParams(location.search).get("server");
if (server) {
  const desk = openDesk(createClient(server, { wasm }), show);
  for (const button of ["double", "order", "leave"]) element(button).onclick = desk[button];
}
