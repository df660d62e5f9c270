import { createClient } from "sockeye-client";
import { openDesk } from "./desk.js";

/** Where the client lives: each opens a desk, and returns how to tell it which button was pressed. */
const places = {
  page(server) {
    const desk = openDesk(createClient(server), show);
    return (button) => desk[button]();
  },
  "page, its core in a worker"(server) {
    const worker = () =>
      new Worker(new URL("./socket-worker.js", import.meta.url), { type: "module" });
    const desk = openDesk(createClient(server, { worker }), show);
    return (button) => desk[button]();
  },
  "page, its core in a shared worker"(server) {
    const worker = () =>
      new SharedWorker(new URL("./socket-worker.js", import.meta.url), { type: "module" });
    const desk = openDesk(createClient(server, { worker }), show);
    return (button) => desk[button]();
  },
  worker(server) {
    const worker = new Worker(new URL("./worker.js", import.meta.url), { name: server });
    worker.onmessage = ({ data }) => show(...data);
    return (button) => worker.postMessage(button);
  },
  "shared worker"(server) {
    const { port } = new SharedWorker(new URL("./shared-worker.js", import.meta.url), {
      name: server,
    });
    port.onmessage = ({ data }) => show(...data);
    return (button) => port.postMessage(button);
  },
};

const element = (id) => document.querySelector(`[data-testid=${id}]`);

function show(id, text) {
  element(id).textContent = text;
}

const parameters = new URLSearchParams(location.search);
const server = parameters.get("server");
if (server) {
  const press = places[parameters.get("place") ?? "page"](server);
  for (const button of ["double", "order", "leave"]) element(button).onclick = () => press(button);
}
