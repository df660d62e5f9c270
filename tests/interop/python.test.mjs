/** The clients against python-socketio, as ASGI under uvicorn. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { waitFor } from "../browser/support/wait.mjs";
import { startPython } from "./processes.mjs";
import { forEachSubject, forEachWay } from "./subjects.mjs";

let url;
const ends = [];
const limit = { timeout: 10_000 };
before(async () => (url = await startPython({ after: (end) => ends.push(end) })));
after(async () => {
  for (const end of ends) await end();
});

const bytes = (value) => [...new Uint8Array(value.buffer ?? value)];
const some = () => Uint8Array.of(0, 1, 254, 255);

forEachSubject((name, start) => {
  forEachWay((way, transports) => {
    describe(`${name}, ${way}`, () => {
      const connect = async (t, namespace = "", options = {}) => {
        const subject = start(t, url + namespace, { transports, ...options });
        await subject.connected();
        return subject;
      };

      test("exchanges events and answers", limit, async (t) => {
        const subject = await connect(t);
        const bounced = subject.heard("bounced");
        subject.emit("bounce", "é🐟", { a: [1, null] }, false);
        await waitFor("the event", () => bounced.length === 1);
        assert.deepEqual(bounced, [["é🐟", { a: [1, null] }, false]]);
        assert.equal(await subject.request("echo", 42), 42);
      });

      test("answers the server", limit, async (t) => {
        const subject = await connect(t);
        const answered = subject.heard("answered");
        subject.respond("question", (number) => number * 2);
        subject.emit("ask me", 21);
        await waitFor("the answer", () => answered.length === 1);
        assert.deepEqual(answered, [[42]]);
      });

      test("sends and receives bytes", limit, async (t) => {
        const subject = await connect(t);
        const bounced = subject.heard("bounced");
        subject.emit("bounce", some(), { deep: [some().buffer] });
        await waitFor("the event", () => bounced.length === 1);
        const [[first, { deep }]] = bounced;
        assert.deepEqual(bytes(Uint8Array.from(new Uint8Array(first))), [0, 1, 254, 255]);
        assert.deepEqual(bytes(Uint8Array.from(new Uint8Array(deep[0]))), [0, 1, 254, 255]);
        const answer = await subject.request("echo", some());
        assert.deepEqual(bytes(Uint8Array.from(new Uint8Array(answer))), [0, 1, 254, 255]);
      });

      test("sends auth, and enters a namespace of its own with it", limit, async (t) => {
        const subject = await connect(t, "", { auth: { token: "é" } });
        assert.deepEqual(await subject.request("whoami"), { token: "é" });
        const admin = await connect(t, "/admin", { auth: { token: "admin" } });
        assert.equal(await admin.request("where"), "/admin");
      });

      test("is told why it is refused", limit, async (t) => {
        const subject = start(t, url, { transports, auth: { refuse: true } });
        const error = await subject.connected().then(assert.fail, (error) => error);
        assert.match(JSON.stringify([error.message, error.data]), /not for you/);
      });

      test("is on the transport that it should be on", limit, async (t) => {
        const subject = await connect(t);
        const wanted = transports.at(-1);
        await waitFor(wanted, async () => (await subject.request("transport")) === wanted);
      });

      test("hears when the server disconnects it", limit, async (t) => {
        const subject = await connect(t);
        const away = subject.away();
        subject.emit("leave");
        await away;
      });
    });
  });
});
