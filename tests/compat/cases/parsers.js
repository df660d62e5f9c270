/** Parsers of one's own. */
import msgpack from "socket.io-msgpack-parser";
import { bytesOf } from "../setting.js";

/** The parser knows ArrayBuffers in browsers, and Buffers in Node. */
const bytes = (environment, ...values) =>
  environment === "browser" ? Uint8Array.of(...values).buffer : Buffer.of(...values);

export default (it) => {
  for (const transports of [["polling"], ["websocket"]]) {
    it(`works with socket.io-msgpack-parser (${transports})`, async (c) => {
      const { server, socket } = await c.connected({
        server: { parser: "msgpack" },
        parser: msgpack,
        transports,
      });
      socket.emit("hello", "wörld", { bytes: bytes(c.environment, 1, 2) });
      c.deepEqual(await socket.emitWithAck("echo", { a: [1, null] }), { a: [1, null] });
      const heard = await server.heard();
      c.deepEqual(heard[0], ["/", "hello", "wörld", { bytes: { bytes: [1, 2] } }]);
      c.deepEqual(bytesOf(await socket.emitWithAck("echo", bytes(c.environment, 5, 6))), [5, 6]);
    });
  }

  it("refuses a namespace with it", async (c) => {
    const server = await c.serve({ parser: "msgpack" });
    await server.refuse("/no", "not for you", { code: 1 });
    const [error] = await c.event(c.io(`${server.url}/no`, { parser: msgpack }), "connect_error");
    c.equal(error.message, "not for you");
    c.deepEqual(error.data, { code: 1 });
  });
};
