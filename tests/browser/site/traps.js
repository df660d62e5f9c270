// Has the wasm fail on demand, as a defect in it would: with real traps, in the module that ships.
//
// `WebAssembly.instantiate` is replaced before the package makes an instance. What stands around the
// exports and imports then can trap in the instance itself, at a call, in the middle of one (the core is
// borrowed then, and would be for ever), or when it returns.

/** Where a call fails. */
export const PLACES = ["before", "inside", "after"];

const isHelper = (name) => /^__|destroy_closure/.test(name);

/** Replaces `WebAssembly.instantiate` for good, and returns what says which call is to trap. */
export function setTraps() {
  const instantiate = WebAssembly.instantiate.bind(WebAssembly);
  const traps = new Traps();
  WebAssembly.instantiate = async (module, imports) => {
    // Others use wasm, too: Node's own `fetch` does.
    if (!imports?.["./glue_bg.js"]) return instantiate(module, imports);
    const instance = new Instance(traps);
    const made = await instantiate(module, instance.wrapImports(imports));
    return {
      module: made.module,
      instance: { exports: instance.wrapExports(made.instance.exports) },
    };
  };
  return traps;
}

class Traps {
  /** The entries that have trapped, in order, each with its place. */
  sprung = [];
  /** Calls of instances in which something had trapped before. There must be none. */
  lateCalls = [];
  /** How many instances were made. */
  instances = 0;
  #plan;

  /**
   * The next call of this export traps; of any export if there is no name. Resolves when it has.
   * In a place `inside`, a call that imports nothing traps when it returns.
   */
  set(place, name) {
    return new Promise((resolve) => {
      this.#plan = { place, name, resolve };
    });
  }

  /** Has the next call of any export trap, once for each plan, so that cores are made while it waits. */
  setBefore() {
    if (this.#plan) this.#plan.before ??= { place: "before", resolve: () => {} };
  }

  take(name) {
    const plan = this.#plan;
    if (!plan || isHelper(name)) return undefined;
    if (plan.name !== undefined && !name.startsWith(plan.name)) {
      const { before } = plan;
      if (before) plan.before = false;
      return before || undefined;
    }
    this.#plan = undefined;
    return plan;
  }

  note(name, { place, resolve }) {
    this.sprung.push([name, place]);
    // When the stack is empty.
    setTimeout(resolve);
  }
}

class Instance {
  #traps;
  #exports;
  #isDead = false;
  /** What is to trap at the next import, and in which call. */
  #armed;

  constructor(traps) {
    this.#traps = traps;
    traps.instances++;
  }

  wrapImports(imports) {
    const wrap =
      (call) =>
      (...args) => {
        if (this.#armed) this.#spring(...this.#armed);
        return call(...args);
      };
    return mapValues(imports, (module) => mapValues(module, wrap));
  }

  wrapExports(exports) {
    this.#exports = exports;
    return mapValues(exports, (value, name) =>
      typeof value === "function" ? this.#wrapExport(value, name) : value,
    );
  }

  #wrapExport(call, name) {
    return (...args) => {
      if (this.#isDead) this.#traps.lateCalls.push(name);
      const plan = this.#isDead ? undefined : this.#traps.take(name);
      if (!plan) return call(...args);
      if (plan.place === "before") this.#spring(name, plan);
      if (plan.place === "inside") this.#armed = [name, plan];
      const result = call(...args);
      if (!this.#isDead) this.#spring(name, plan);
      return result;
    };
  }

  /** Asks for more memory than there can be, for which Rust aborts. */
  #spring(name, plan) {
    this.#armed = undefined;
    this.#isDead = true;
    this.#traps.note(name, plan);
    this.#exports.__wbindgen_malloc(-1, 1);
    throw new Error("it did not trap");
  }
}

const mapValues = (object, map) =>
  Object.fromEntries(
    Object.entries(object).map(([name, value]) => [
      name,
      typeof value === "function" || typeof value === "object" ? map(value, name) : value,
    ]),
  );
