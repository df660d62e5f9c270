/** The namespaces of a server, by name and by pattern. */
import { MockNamespace, type NamespaceSettings } from "./namespace.js";
import type { Any } from "./types.js";

/** One of any events. */
export type AnyNamespace = MockNamespace<Any, Any>;

export class Namespaces {
  readonly #settings: NamespaceSettings;
  readonly #byName = new Map<string, AnyNamespace>();
  readonly #patterns: { pattern: RegExp; parent: AnyNamespace }[] = [];

  constructor(settings: NamespaceSettings) {
    this.#settings = settings;
  }

  /** All of them, patterns too. */
  get all(): AnyNamespace[] {
    return [...this.#byName.values(), ...this.#patterns.map(({ parent }) => parent)];
  }

  /** Returns one that is there. */
  find(name: string): AnyNamespace | undefined {
    return this.#byName.get(name);
  }

  /** Returns one that a client may connect to: a pattern makes it. */
  open(name: string): AnyNamespace | undefined {
    const known = this.find(name);
    const parent = this.#patterns.find(({ pattern }) => pattern.test(name))?.parent;
    return known ?? (parent && this.#add(parent.makeChild(name)));
  }

  /** Returns the one of the server's program, which is made if it is new. */
  of(name: string | RegExp): AnyNamespace {
    if (typeof name !== "string") return this.#ofPattern(name);
    const full = name.startsWith("/") ? name : `/${name}`;
    return this.find(full) ?? this.#add(new MockNamespace(full, this.#settings));
  }

  #ofPattern(pattern: RegExp): AnyNamespace {
    const known = this.#patterns.find((each) => String(each.pattern) === String(pattern));
    if (known) return known.parent;
    const parent: AnyNamespace = new MockNamespace(String(pattern), this.#settings);
    this.#patterns.push({ pattern, parent });
    return parent;
  }

  #add(namespace: AnyNamespace): AnyNamespace {
    this.#byName.set(namespace.name, namespace);
    return namespace;
  }
}
