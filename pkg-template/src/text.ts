/**
 * `TextDecoder` and `TextEncoder` for the glue, which makes both when it is loaded.
 *
 * jsdom has neither, but runs in Node, which has them in a module that no bundler must see.
 */
interface NodeProcess {
  getBuiltinModule?: (name: "node:util") => typeof globalThis;
}

const { process } = globalThis as { process?: NodeProcess };
const source =
  typeof globalThis.TextDecoder === "undefined"
    ? process?.getBuiltinModule?.("node:util")
    : globalThis;

const Decoder = source?.TextDecoder as typeof globalThis.TextDecoder;
const Encoder = source?.TextEncoder as typeof globalThis.TextEncoder;

export { Decoder as TextDecoder, Encoder as TextEncoder };
