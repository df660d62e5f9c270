/** What must not disturb anything else: handlers that throw, frames that cannot be read, one end that is gone. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createMockServer, type MockServer, type MockSocket } from "../../src/testing.js";
import { connectRaw, openRaw, settle } from "./rawClient.js";

let server: MockServer;
beforeEach(() => void (server = createMockServer()));
afterEach(() => server.close());

/** Takes errors that nobody catches away from the test runner; returns them as they come. */
function takeUncaught(): { readonly messages: string[]; end(): void } {
  const others = process.listeners("unhandledRejection");
  const messages: string[] = [];
  process.removeAllListeners("unhandledRejection");
  process.on("unhandledRejection", (error) => messages.push((error as Error).message));
  const end = () => {
    process.removeAllListeners("unhandledRejection");
    for (const listener of others) process.on("unhandledRejection", listener);
  };
  return { messages, end };
}

const throwBad = () => {
  throw new Error("bad handler");
};

describe("what throws is an uncaught error, and the connection goes on", () => {
  test.each<[string, (socket: MockSocket) => void, string[]]>([
    ["an acknowledgement", (socket) => socket.emit("ask", throwBad), ["any a", "a", "any b", "b"]],
    [
      "an acknowledgement with a time limit",
      (socket) => socket.timeout(60_000).emit("ask", throwBad),
      ["any a", "a", "any b", "b"],
    ],
    [
      "a listener to any event",
      (socket) => socket.onAny((event) => event === "a" && throwBad()),
      ["any a", "a", "any b", "b"],
    ],
    [
      "a middleware",
      (socket) => socket.use(([event], next) => (event === "a" ? throwBad() : next())),
      ["any a", "any b", "b"],
    ],
  ])("%s", async (_, misbehave, expected) => {
    const got: string[] = [];
    server.on("connection", (socket) => {
      misbehave(socket);
      socket.onAny((event) => got.push(`any ${event}`));
      for (const event of ["a", "b"]) socket.on(event, () => got.push(event));
      socket.on("error", ({ message }) => got.push(message));
    });
    const uncaught = takeUncaught();
    const client = await connectRaw(server);
    client.send("430[]");
    client.send('42["a"]');
    client.send('42["b"]');
    await vi.waitFor(() => expect(uncaught.messages).toEqual(["bad handler"]));
    uncaught.end();
    expect(got).toEqual(expected);
    expect(client.events).toEqual([]);
  });
});

describe("a client that is there when the server's end is gone", () => {
  test("hears of it when what stands still goes on", async () => {
    const client = await connectRaw(server);
    const [socket] = (await server.fetchSockets()) as [MockSocket];
    server.faults.stall("serverToClient");
    socket.disconnect(true);
    await settle();
    expect([client.frames, client.events, server.engine.clientsCount]).toEqual([[], [], 0]);
    server.faults.release();
    await settle();
    expect([client.frames, client.events]).toEqual([["41"], ["closed 1005"]]);
  });

  test.each(["close", "cut"] as const)("loses its connection by %s()", async (what) => {
    const client = await connectRaw(server);
    server.faults.add({ on: { event: { name: "a" } }, do: { halfClose: {} } });
    client.send('42["a"]');
    await settle();
    expect([client.events, server.engine.clientsCount]).toEqual([[], 0]);
    if (what === "close") await server.close();
    else server.faults.cut();
    await settle();
    expect(client.events).toEqual([what === "close" ? "closed 1005" : "closed 1006"]);
  });

  test("can leave", async () => {
    const client = await connectRaw(server);
    server.faults.add({ on: { event: { name: "a" } }, do: { halfClose: {} } });
    client.send('42["a"]');
    await settle();
    client.socket.close();
    await settle();
    expect(client.events).toEqual(["closed 1006"]);
    expect(server.faults.cut()).toBe(0);
  });
});

describe("an acknowledgement with a time limit", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("is missed in time when its client has gone", async () => {
    const client = await connectRaw(server);
    const [socket] = (await server.fetchSockets()) as [MockSocket];
    const outcome = socket
      .timeout(1_000)
      .emitWithAck("ask")
      .catch((error: unknown) => String(error));
    client.socket.close();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await outcome).toBe("Error: operation has timed out");
  });

  test("leaves no timer when the server is closed", async () => {
    const jobs = server.of("/jobs");
    const client = await openRaw(server);
    client.send("40/jobs,");
    await settle();
    jobs.sockets.forEach((socket) => socket.timeout(1_000).emit("ask", throwBad));
    expect(vi.getTimerCount()).toBe(1);
    await server.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});

test.each(['42["\\q"]', '42["a\u0000"]', '42["\\u12"]'])(
  "%j has no name that can be read, and only its connection ends",
  async (frame) => {
    const errors: string[] = [];
    server.on("connection", (socket) => socket.on("error", () => errors.push("error")));
    const [client, other] = [await connectRaw(server), await connectRaw(server)];
    client.send(frame);
    server.emit("news");
    await settle();
    expect(errors).toEqual(["error"]);
    expect(client.events).toEqual(["closed 1005"]);
    expect([other.frames, other.events]).toEqual([['42["news"]'], []]);
  },
);

test("a client's handler that throws is an uncaught error, and what follows arrives", async () => {
  const client = await connectRaw(server);
  const uncaught = takeUncaught();
  const messages: string[] = [];
  client.socket.onmessage = ({ data }: { data: string }) => {
    messages.push(data);
    if (data.includes("a")) throwBad();
  };
  server.emit("a");
  server.emit("b");
  await vi.waitFor(() => expect(uncaught.messages).toEqual(["bad handler"]));
  uncaught.end();
  expect(messages).toEqual(['42["a"]', '42["b"]']);
});
