/** Random values, the same for the same seed. */

/** A source of random choices. */
export class Random {
  #state;

  constructor(seed) {
    this.#state = seed >>> 0;
  }

  /** A number from 0 to 1, without 1. The generator is mulberry32. */
  next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number below `bound`. */
  below(bound) {
    return Math.floor(this.next() * bound);
  }

  /** One of some values. */
  pick(values) {
    return values[this.below(values.length)];
  }

  /** True in one of `n` cases. */
  oneIn(n) {
    return this.below(n) === 0;
  }

  /** A list of at most `most` values that `make` returns. */
  list(most, make) {
    return Array.from({ length: this.below(most + 1) }, () => make());
  }

  bytes(most) {
    return Uint8Array.from(this.list(most, () => this.below(256)));
  }

  /** Text with everything in it that an encoding could stumble over. */
  text(most = 12) {
    return this.list(most, () => this.#character()).join("");
  }

  #character() {
    if (this.oneIn(3)) return this.pick(awkward);
    return String.fromCharCode(32 + this.below(95));
  }
}

const awkward = [
  ...['"', "\\", "\n", "\0", "\u2028", "\u2029", "\u001f", "\ufeff", "/", ",", "-", "[", "{", "0"],
  ...["é", "€", "😀", "\ud800", "\udc00", "\uffff", "_placeholder", "__proto__", "b", "4"],
];
