/** Bytes in events and acknowledgements, over both transports. */
import { bytesOf } from "../setting.js";

const ways = { polling: ["polling"], websocket: ["websocket"] };
const some = () => Uint8Array.of(0, 1, 128, 255).buffer;

export default (it) => {
  for (const [way, transports] of Object.entries(ways)) {
    it(`sends and receives an ArrayBuffer (${way})`, async (c) => {
      const { server, socket } = await c.connected({ transports });
      if (c.environment === "node") socket.io.engine.binaryType = "arraybuffer";
      const back = c.event(socket, "bounced");
      socket.emit("bounce", some());
      const [value] = await back;
      c.ok(value instanceof ArrayBuffer, "an ArrayBuffer");
      c.deepEqual(bytesOf(value), [0, 1, 128, 255]);
      c.deepEqual((await server.heard())[0], ["/", "bounce", { bytes: [0, 1, 128, 255] }]);
    });

    it(`sends views with their offset and length (${way})`, async (c) => {
      const { server, socket } = await c.connected({ transports });
      const whole = Uint8Array.from({ length: 16 }, (_, index) => index).buffer;
      socket.emit(
        "views",
        new Uint8Array(whole, 3, 2),
        new Uint16Array(whole, 4, 1),
        new DataView(whole, 15, 1),
        new Uint8Array(0),
      );
      await c.settled(socket);
      const [, , ...views] = (await server.heard())[0];
      c.deepEqual(views, [{ bytes: [3, 4] }, { bytes: [4, 5] }, { bytes: [15] }, { bytes: [] }]);
    });

    it(`finds bytes deep inside, and leaves its input alone (${way})`, async (c) => {
      const { socket } = await c.connected({ transports });
      const inner = Uint8Array.of(7);
      const value = { hello: "lol", list: [1, { inner }], twice: inner, none: null };
      const back = c.event(socket, "bounced");
      socket.emit("bounce", "text", value, [some()]);
      c.equal(value.list[1].inner, inner, "the input");
      c.equal(value.twice, inner, "the input");
      const [text, object, list] = await back;
      c.equal(text, "text");
      c.equal(object.hello, "lol");
      c.equal(object.none, null);
      c.deepEqual(bytesOf(object.list[1].inner), [7]);
      c.deepEqual(bytesOf(object.twice), [7]);
      c.deepEqual(bytesOf(list[0]), [0, 1, 128, 255]);
    });

    it(`acknowledges with bytes, both ways (${way})`, async (c) => {
      const { socket } = await c.connected({ transports });
      c.deepEqual(bytesOf(await socket.emitWithAck("echo", some())), [0, 1, 128, 255]);
      socket.on("question", (bytes, answer) => answer({ and: bytes, more: Uint8Array.of(9) }));
      const answered = c.event(socket, "answered");
      socket.emit("ask me", "question", some());
      const [{ and, more }] = await answered;
      c.deepEqual(bytesOf(and), [0, 1, 128, 255]);
      c.deepEqual(bytesOf(more), [9]);
    });

    it(`keeps the order of bytes and text (${way})`, async (c) => {
      const { socket } = await c.connected({ transports });
      const back = c.events(socket, "bounced");
      for (let number = 0; number < 20; number += 1) {
        socket.emit("bounce", number % 2 === 0 ? Uint8Array.of(number) : number);
      }
      await c.settled(socket);
      const numbers = back.map(([value]) =>
        typeof value === "number" ? value : bytesOf(value)[0],
      );
      c.deepEqual(numbers, [...numbers.keys()]);
    });

    it(`sends bytes in a namespace (${way})`, async (c) => {
      const { socket } = await c.connected({ transports, namespace: "/bytes" });
      c.deepEqual(bytesOf(await socket.emitWithAck("echo", some())), [0, 1, 128, 255]);
    });

    it.inBrowsers(`sends Blobs and Files, in order (${way})`, async (c) => {
      const { server, socket } = await c.connected({ transports });
      socket.emit("first", new Blob(["hello"]));
      socket.emit("second", "text");
      socket.emit("third", { file: new File(["world"], "name.txt"), goodbye: "gotcha" });
      await c.settled(socket);
      const [first, second, third] = await server.heard();
      const bytes = (text) => ({ bytes: [...new TextEncoder().encode(text)] });
      c.deepEqual(first, ["/", "first", bytes("hello")]);
      c.deepEqual(second, ["/", "second", "text"]);
      c.deepEqual(third, ["/", "third", { file: bytes("world"), goodbye: "gotcha" }]);
    });

    it(`carries 1 MB of bytes (${way})`, async (c) => {
      const { socket } = await c.connected({ transports, server: { maxHttpBufferSize: 1e7 } });
      const big = Uint8Array.from({ length: 1_000_000 }, (_, index) => index * 7);
      const back = await socket.emitWithAck("echo", big);
      c.deepEqual(bytesOf(back), [...big]);
    });
  }

  it("writes the frames that the official client writes", async (c) => {
    const { server, socket } = await c.connected({ transports: ["websocket"] });
    socket.emit("e", Uint8Array.of(1), { a: Uint8Array.of(2) }, () => {});
    await c.settled(socket);
    const said = (await server.frames()).map(([, , data]) => data);
    const placeholders =
      '52-0["e",{"_placeholder":true,"num":0},{"a":{"_placeholder":true,"num":1}}]';
    c.deepEqual(said.slice(1, 4), [placeholders, { bytes: [1] }, { bytes: [2] }]);
  });

  it("buffers bytes until it is connected", async (c) => {
    const server = await c.serve();
    const socket = c.io(server.url, { autoConnect: false });
    socket.emit("kept", some());
    socket.connect();
    await c.settled(socket);
    c.deepEqual((await server.heard())[0], ["/", "kept", { bytes: [0, 1, 128, 255] }]);
  });

  it("sends bytes as base64 where that is asked for", async (c) => {
    for (const transports of [["polling"], ["websocket"]]) {
      const { server, socket } = await c.connected({ transports, forceBase64: true });
      c.deepEqual(bytesOf(await socket.emitWithAck("echo", some())), [0, 1, 128, 255]);
      const [{ url }] = await server.requests();
      c.match(url, /[?&]b64=1(&|$)/);
    }
  });

  it("has its limit of incoming attachments", async (c) => {
    const { server, socket } = await c.connected({ reconnection: false });
    const back = c.event(socket, "many");
    const ended = c.event(socket, "disconnect");
    const many = Array.from({ length: 11 }, (_, index) => Uint8Array.of(index));
    await server.emitBytes("/", "many", 11);
    if (c.differs("moreAttachments")) {
      c.deepEqual((await back).map(bytesOf), many.map(bytesOf));
    } else {
      c.equal((await ended)[0], "parse error");
    }
  });
};
