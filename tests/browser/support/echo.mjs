/** A real socket.io server that sends back what it gets, and what clients say to it in a page. */
import { Server } from "socket.io";
import { listen } from "./listen.mjs";

/** Starts it for a test. `noted` has the transports, ends and frames of its clients. */
export async function startEcho(t, options) {
  const http = await listen((_request, response) => response.writeHead(404).end());
  const io = new Server(http.server, { cors: { origin: "*" }, ...options });
  const noted = { transports: [], reasons: [], engine: io.engine };
  io.on("connection", (socket) => {
    noted.transports.push(socket.conn.transport.name);
    socket.conn.on("upgrade", ({ name }) => noted.transports.push(name));
    socket.on("echo", (...args) => args.pop()(...args));
    socket.on("number", (number) => socket.emit("number", number));
    socket.on("disconnect", (reason) => noted.reasons.push(reason));
  });
  t.after(async () => {
    await http.stop();
    await io.close(); // would wait for pages that connect again
  });
  return { url: http.url, noted };
}

/** Sends bytes of `window.client` in several forms, and returns what comes back as numbers. */
export const echoBytes = (page) =>
  page.evaluate(async () => {
    const bytes = Uint8Array.from({ length: 1_000 }, (_, index) => index % 256);
    const view = new DataView(bytes.buffer, 2, 3);
    const blob = new Blob([bytes.subarray(0, 4)]);
    const answer = await window.client.request("echo", { whole: bytes.buffer, view }, [
      blob,
      "text",
    ]);
    const [{ whole, view: part }, [read, text]] = answer;
    return [whole.byteLength, ...[part, read].map((b) => [...new Uint8Array(b)].join(" ")), text];
  });

/** What {@link echoBytes} returns. */
export const echoedBytes = [1_000, "2 3 4", "0 1 2 3", "text"];

/** Sends so many numbered events of `window.client`, and returns the numbers that come back. */
export const exchange = (page, count) =>
  page.evaluate(async (count) => {
    const all = window.kit.take(window.client.on("number"), count);
    for (let number = 0; number < count; number++) {
      window.client.emit("number", number);
      if (number % 10 === 0) await new Promise((resolve) => setTimeout(resolve));
    }
    return all;
  }, count);

/** What {@link exchange} returns. */
export const inOrder = (count) => Array.from({ length: count }, (_, number) => number);
