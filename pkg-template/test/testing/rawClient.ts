/** A client that speaks in frames, so that a test sees just what a mock server does. */
import type { MockServer } from "../../src/testing.js";

type Sent = string | number[];

/** Opens a WebSocket to the server; resolves when it is open or has failed. */
export async function openRaw(server: MockServer, address = "ws://mock/socket.io/?EIO=4") {
  const socket = new server.WebSocket(address);
  socket.binaryType = "arraybuffer";
  const frames: Sent[] = [];
  const events: string[] = [];
  socket.onmessage = ({ data }: { data: string | ArrayBuffer }) => {
    frames.push(typeof data === "string" ? data : [...new Uint8Array(data)]);
  };
  socket.onclose = ({ code }: { code: number }) => events.push(`closed ${code}`);
  socket.onerror = () => events.push("error");
  await new Promise<void>((resolve) => {
    socket.onopen = () => resolve();
    const { onclose } = socket as { onclose: (event: { code: number }) => void };
    socket.onclose = (event: { code: number }) => {
      onclose(event);
      resolve();
    };
  });
  return {
    socket,
    frames,
    events,
    send: (data: string | Uint8Array<ArrayBuffer>) => socket.send(data),
  };
}

/** The same, connected to the main namespace; its frames so far are forgotten. */
export async function connectRaw(server: MockServer) {
  const client = await openRaw(server);
  client.send("40");
  await settle();
  client.frames.length = 0;
  return client;
}

/** Lets everything happen that needs no timer. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) await Promise.resolve();
}
