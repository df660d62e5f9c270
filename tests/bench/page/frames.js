/** What a server sends: frames of a given length, each a real `MessageEvent`. */

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Returns a text as the browser makes it of what comes from the network. */
const asReceived = (text) => decoder.decode(encoder.encode(text));

export const toMessage = (data) =>
  new MessageEvent("message", { data: typeof data === "string" ? asReceived(data) : data });

/**
 * Returns `count` messages of exactly `bytes` bytes. They differ, so that nothing can be remembered from one
 * to the next; `describe(index)` gives each its namespace and its event.
 */
export function makeMessages({ bytes, content = "text", count, describe }) {
  return Array.from({ length: count }, (_, index) => {
    const { namespace, event } = describe(index);
    const jobId = `job-${String(index).padStart(6, "0")}`;
    const start = namespace === "/" ? "42" : `42${namespace},`;
    const head = `${start}["${event}",{"jobId":"${jobId}","progress":${10 + (index % 90)},"content":`;
    const room = bytes - head.length - "}]".length;
    const data = `${head}${content === "objects" ? objects(room) : text(room)}}]`;
    if (data.length !== bytes) throw new Error(`a frame has ${data.length} bytes`);
    return toMessage(data);
  });
}

/** A JSON text of `length` bytes, as in log lines and chunks of a model's answer. */
export function text(length) {
  return `"${"lorem ipsum ".repeat(length / 12 + 1).slice(0, length - 2)}"`;
}

/** A JSON array of `length` bytes of small objects, as in tables. */
function objects(length) {
  const item = (number) => `{"step":${1_000 + number},"name":"compile","done":true}`;
  const count = Math.floor((length - 2) / (item(0).length + 1)) - 1;
  const items = `[${Array.from({ length: count }, (_, number) => item(number)).join(",")},`;
  return `${items}${text(length - items.length - 1)}]`;
}
