/** The memory of the wasm instance, which the package keeps to itself: imported before it. */

const { instantiate } = WebAssembly;
let memory;

WebAssembly.instantiate = async (...given) => {
  const made = await instantiate(...given);
  memory = (made.instance ?? made).exports.memory;
  return made;
};

export const wasmBytes = () => memory?.buffer.byteLength ?? 0;
