/**
 * A proxy that keeps no connection to a server open longer than for one request.
 *
 * The server of wasm-bindgen's test runner may leave a connection unserved until another one ends, if
 * many are opened at once as for a page of many modules. Browsers keep them open, so the page would
 * never be complete.
 */
import http from "node:http";
import net from "node:net";
import { listen } from "./listen.mjs";

/** Starts it; `arguments` make Chromium use it for every address, its own machine's, too. */
export async function startProxy() {
  const { server, stop, url } = await listen(forward);
  server.on("connect", tunnel);
  return { stop, arguments: [`--proxy-server=${url}`, "--proxy-bypass-list=<-loopback>"] };
}

function forward(request, response) {
  const { method, headers, url } = request;
  const toServer = http.request(url, {
    method,
    headers: { ...headers, connection: "close" },
    agent: false,
  });
  toServer.on("response", (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  toServer.on("error", () => response.destroy());
  response.on("close", () => toServer.destroy());
  request.pipe(toServer);
}

/** WebSockets stay open. */
function tunnel({ url }, fromBrowser, head) {
  const { hostname, port } = new URL(`http://${url}`);
  const toServer = net.connect(Number(port), hostname, () => {
    fromBrowser.write("HTTP/1.1 200 Connection established\r\n\r\n");
    toServer.write(head);
    toServer.pipe(fromBrowser).pipe(toServer);
  });
  toServer.on("error", () => fromBrowser.destroy());
  toServer.on("close", () => fromBrowser.destroy());
  fromBrowser.on("error", () => toServer.destroy());
  fromBrowser.on("close", () => toServer.destroy());
}
