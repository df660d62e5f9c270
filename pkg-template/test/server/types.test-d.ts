import { Server, type Socket } from "socket.io";
import { expectTypeOf, test } from "vitest";
import {
  allowOrigins,
  createServerHelper,
  memoryStore,
  redisStore,
  rowStore,
  type Transaction,
} from "../../src/server.js";
import { createClient } from "redis";

interface ClientEvents {
  save: (note: string, done: (id: number) => void) => void;
}
interface ServerEvents {
  news: (text: string) => void;
}
type AppSocket = Socket<ClientEvents, ServerEvents, Record<string, never>, { userId: string }>;

test("attaches to servers and namespaces, typed or not", () => {
  const helper = createServerHelper({ store: memoryStore() });
  const io = new Server({ allowRequest: allowOrigins(["https://app.example.com"]) });
  const attached = helper.attach(io);
  io.on("connection", (socket) => {
    attached.handle(socket, "save", ({ tx, key, identity }, note: string) => {
      expectTypeOf(tx).toEqualTypeOf<undefined>();
      expectTypeOf(key).toEqualTypeOf<string | undefined>();
      expectTypeOf(identity).toEqualTypeOf<string>();
      expectTypeOf(note).toEqualTypeOf<string>();
      return note.length;
    });
  });
  const typed = new Server<ClientEvents, ServerEvents, Record<string, never>, { userId: string }>();
  const inNamespace = helper.attach(typed.of("/jobs"));
  typed.of("/jobs").on("connection", (socket: AppSocket) => {
    void inNamespace.join(socket, "room");
    // @ts-expect-error a room has one name
    void inNamespace.join(socket, ["room"]);
  });
  // @ts-expect-error nothing that has sockets
  helper.attach({});
});

test("gives the work what the store's transactions are", () => {
  interface Connection {
    query(sql: string): Promise<unknown>;
  }
  const transaction = undefined as unknown as Transaction<Connection>;
  const identify = (socket: AppSocket) => socket.data.userId;
  const helper = createServerHelper({ store: rowStore(transaction), identify });
  const io = new Server();
  const attached = helper.attach(io);
  io.on("connection", (socket) => {
    attached.handle(socket, "save", ({ tx }) => tx.query("SELECT 1"));
  });
});

test("takes the clients of redis", () => {
  expectTypeOf(redisStore).toBeCallableWith(createClient());
});
