/** The types of a mock server: the same event maps as the client's, and as socket.io's server. */
import { expectTypeOf, test } from "vitest";
import { createServerHelper, memoryStore } from "../../src/server.js";
import { createMockServer, type MockSocket } from "../../src/testing.js";
import { createClient } from "../../src/index.js";

interface ServerEvents {
  news: (text: string) => void;
  who: (prefix: string, answer: (name: string) => void) => void;
}
interface ClientEvents {
  order: (item: string, count: number, answer: (confirmation: string) => void) => void;
  leave: () => void;
}
interface Data {
  user: string;
}

const server = createMockServer<ClientEvents, ServerEvents, Data>();

test("handlers get what clients send", () => {
  server.on("connection", (socket) => {
    expectTypeOf(socket.data).toEqualTypeOf<Data>();
    socket.on("order", (item, count, answer) => {
      expectTypeOf(item).toEqualTypeOf<string>();
      expectTypeOf(count).toEqualTypeOf<number>();
      answer("yes");
      // @ts-expect-error the answer is a text
      answer(1);
    });
    socket.on("disconnect", (reason) => expectTypeOf(reason).toExtend<string>());
    socket.on("error", (error) => expectTypeOf(error).toEqualTypeOf<Error>());
    // @ts-expect-error clients send nothing of that name
    socket.on("unknown", () => {});
  });
});

test("what is sent is what clients hear", async () => {
  server.emit("news", "text");
  // @ts-expect-error it is a text
  server.emit("news", 1);
  // @ts-expect-error nobody hears that
  server.to("room").emit("order", "a");
  const [socket] = await server.fetchSockets();
  if (!socket) return;
  expectTypeOf(socket).toEqualTypeOf<MockSocket<ClientEvents, ServerEvents, Data>>();
  expectTypeOf(await socket.emitWithAck("who", "a")).toEqualTypeOf<string>();
  expectTypeOf(await socket.timeout(5).emitWithAck("who", "a")).toEqualTypeOf<string>();
  expectTypeOf(await server.timeout(5).emitWithAck("who", "a")).toEqualTypeOf<string[]>();
  socket.emit("who", "a", (name) => expectTypeOf(name).toEqualTypeOf<string>());
  socket.timeout(5).emit("who", "a", (error, name) => {
    expectTypeOf(error).toEqualTypeOf<Error | null>();
    expectTypeOf(name).toEqualTypeOf<string>();
  });
  server.to("room").emit("who", "a", (_error, names) => {
    expectTypeOf(names).toEqualTypeOf<string[]>();
  });
  socket.volatile.to("room").emit("news", "text");
});

test("without event maps anything goes", () => {
  const anything = createMockServer();
  anything.emit("a", 1, "b");
  anything.of("/jobs").on("connection", (socket) => {
    socket.on("any", (first: number, answer: (value: string) => void) => answer(`${first}`));
    socket.emit("b", 1);
  });
  createMockServer({ setUp: (io) => io.on("connection", (socket) => socket.emit("a")) });
});

test("namespaces have event maps of their own", () => {
  server.of<ServerEvents, ClientEvents>("/other").emit("leave");
});

test("its options are those of a client, and the server helper takes it", () => {
  createClient("http://mock", { ...server.clientOptions(), auth: {} });
  const main = createServerHelper({ store: memoryStore() }).attach(server);
  server.on("connection", (socket) => {
    main.handle(socket, "order", (_context, item: string) => item);
  });
  createServerHelper({ store: memoryStore() }).attach(server.of("/jobs"));
});
