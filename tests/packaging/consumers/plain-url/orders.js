import { createClient } from "sockeye-client/url";

const wasm = "./node_modules/sockeye-client/dist/sockeye.wasm";
const server = new URLSearchParams(location.search).get("server");
const element = (id) => document.querySelector(`[data-testid="${id}"]`);
const show = (id) => (text) => (element(id).textContent = text);

if (server) {
  const client = createClient(server, { wasm });
  client.status.subscribe(({ state }) => show("status")(state));
  client.on("news").subscribe(show("news"));
  element("double").onclick = () => void client.request("double", 21).then(show("answer"));
  element("order").onclick = () =>
    client.enqueue("order", "salmon").status.subscribe(({ state }) => show("order-state")(state));
  element("leave").onclick = () => void client.destroy();
}
