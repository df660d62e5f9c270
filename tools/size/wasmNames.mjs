/** The functions of a wasm module, how large each is, and what its name section calls it. */

const sections = { custom: 0, import: 2, code: 10 };
const functionNames = 1;

/**
 * Returns the sizes of a module's sections and functions.
 *
 * @param {Uint8Array} bytes
 * @returns {{sections: Map<number, number>, functions: {name: string, size: number}[]}}
 */
export function readModule(bytes) {
  const reader = new Reader(bytes, 8);
  const found = { sections: new Map(), sizes: [], names: new Map(), imported: 0 };
  while (!reader.isAtEnd) {
    const id = reader.byte();
    const content = reader.part(reader.number());
    found.sections.set(id, (found.sections.get(id) ?? 0) + content.length);
    readSection(id, content, found);
  }
  const functions = found.sizes.map((size, index) => ({
    name: found.names.get(index + found.imported) ?? "?",
    size,
  }));
  return { sections: found.sections, functions };
}

function readSection(id, content, found) {
  if (id === sections.import) found.imported = countImportedFunctions(content);
  if (id === sections.code) {
    for (let left = content.number(); left > 0; left -= 1) {
      const size = content.number();
      content.part(size);
      found.sizes.push(size);
    }
  }
  if (id === sections.custom && content.text() === "name") readNames(content, found.names);
}

/** The kinds are function, table, memory, global, tag. */
function countImportedFunctions(content) {
  let functions = 0;
  for (let left = content.number(); left > 0; left -= 1) {
    content.text();
    content.text();
    const kind = content.byte();
    if (kind === 1) content.byte();
    if (kind === 1 || kind === 2) content.limits();
    else if (kind === 3) content.part(2);
    else if (kind === 4) content.byte();
    if (kind === 0) functions += 1;
    if (kind === 0 || kind === 4) content.number();
  }
  return functions;
}

function readNames(content, names) {
  while (!content.isAtEnd) {
    const id = content.byte();
    const part = content.part(content.number());
    if (id !== functionNames) continue;
    for (let left = part.number(); left > 0; left -= 1) names.set(part.number(), part.text());
  }
}

/** Reads what wasm is written in. */
class Reader {
  #bytes;
  #at;

  constructor(bytes, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get length() {
    return this.#bytes.length;
  }

  get isAtEnd() {
    return this.#at >= this.#bytes.length;
  }

  byte() {
    return this.#bytes[this.#at++];
  }

  /** A number of seven bits for each byte. */
  number() {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.byte();
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  }

  text() {
    return new TextDecoder().decode(this.part(this.number()).#bytes);
  }

  /** The least and, if there is one, the most of a table or memory. */
  limits() {
    const hasMost = this.byte() & 1;
    this.number();
    if (hasMost) this.number();
  }

  part(length) {
    const part = new Reader(this.#bytes.subarray(this.#at, this.#at + length));
    this.#at += length;
    return part;
  }
}
