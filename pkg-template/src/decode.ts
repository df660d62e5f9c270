/** Turns the module's text back into bytes. */

interface NodeProcess {
  getBuiltinModule?: (name: "node:zlib") => { inflateSync(bytes: Uint8Array): Uint8Array };
}

/** Decodes base64 and inflates to `size` bytes. */
export async function decode(data: string, size: number): Promise<Uint8Array<ArrayBuffer>> {
  const deflated = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
  if (typeof DecompressionStream === "undefined") {
    const { process } = globalThis as { process?: NodeProcess };
    const zlib = process?.getBuiltinModule?.("node:zlib");
    if (!zlib) throw new Error("this environment has no DecompressionStream");
    return Uint8Array.from(zlib.inflateSync(deflated));
  }
  return inflate(deflated, size);
}

/** Feeds the stream by hand: some test environments replace `Blob` and `Response` by lesser ones. */
async function inflate(deflated: Uint8Array<ArrayBuffer>, size: number) {
  const stream = new DecompressionStream("deflate");
  const writer = stream.writable.getWriter();
  const written = writer.write(deflated).then(() => writer.close());
  const [bytes] = await Promise.all([readAll(stream.readable.getReader(), size), written]);
  return bytes;
}

async function readAll(reader: ReadableStreamDefaultReader<Uint8Array>, size: number) {
  const bytes = new Uint8Array(size);
  let length = 0;
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    bytes.set(chunk.value, length);
    length += chunk.value.length;
  }
  return bytes;
}
