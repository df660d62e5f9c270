/** What pages said was accepted, beside what the server applied. */

/** How far two processes' clocks may be apart. */
const clockSkewMs = 5;

export class Ledger {
  /** By key: the page and the lane, when the page knew that it was accepted, and how durable the outbox was. */
  #accepted = new Map();
  /** By lane, in the order in which the server applied them. */
  #applied = new Map();
  /** By key: how often it was applied. */
  #counts = new Map();
  #missing = new Set();
  /** By key: why it was not accepted. */
  #refused = new Map();
  #wrong = [];
  #quarantined = 0;
  /** Whether a page may say of an action that it ended otherwise than `applied`. */
  mayEnd = () => false;

  /** A page says that an action was accepted. */
  accept({ key, tab, lane, at, durability }) {
    this.#accepted.set(key, { tab, lane, at, durability });
    if (!this.#counts.has(key)) this.#missing.add(key);
  }

  /** A page says that an action was not accepted. */
  refuse({ key, code }) {
    this.#refused.set(key, code);
  }

  /** What pages said of an action. */
  said(key) {
    return this.#accepted.has(key) ? "accepted" : (this.#refused.get(key) ?? "nothing");
  }

  /** The server applied an action. */
  apply({ key, tab, number, enqueuedAt }) {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    this.#missing.delete(key);
    this.#applied.set(key, { tab, number, enqueuedAt });
  }

  /** An action ended, but not as `applied`. One that is `quarantined` is tried again. */
  end({ key, code, message, tab }) {
    if (code === "action_quarantined") this.#quarantined += 1;
    else if (this.#accepted.has(key) && !this.mayEnd({ code, tab }))
      this.#wrong.push(`${key} ended with ${code}: ${message}`);
  }

  /** How many accepted actions the server has not applied yet. */
  get missing() {
    return this.#missing.size;
  }

  get accepted() {
    return this.#accepted.size;
  }

  get applied() {
    return this.#counts.size;
  }

  /** Expects nothing more of what has not been applied yet. */
  forgetMissing() {
    this.#missing.clear();
  }

  /** What is wrong: counts, and words for each failure. */
  verdict() {
    const doubled = [...this.#counts].filter(([, count]) => count > 1).map(([key]) => key);
    const inverted = this.#inversions();
    const counts = {
      accepted: this.accepted,
      applied: this.applied,
      lost: this.missing,
      doubled: doubled.length,
      inverted: inverted.length,
      wrong: this.#wrong.length,
      quarantined: this.#quarantined,
    };
    const failures = [
      ...words("lost", this.#lost()),
      ...words("doubled", doubled),
      ...words("out of order", inverted),
      ...words("with another end", this.#wrong),
    ];
    return { counts, words: failures };
  }

  /** Whose actions are lost. */
  #lost() {
    return [...this.#missing].map((key) => {
      const { tab, lane, durability } = this.#accepted.get(key);
      return `${key} (${tab}, ${lane}, ${durability})`;
    });
  }

  /**
   * Actions that were applied after one of their lane that came later: later in the same page, or
   * enqueued when the first one had already been accepted.
   */
  #inversions() {
    const lanes = new Map();
    for (const [key, action] of this.#applied) {
      const accepted = this.#accepted.get(key);
      if (!accepted) continue; // nobody was told that it is stored, so its lane is not known
      const lane = lanes.get(accepted.lane) ?? [];
      lanes.set(accepted.lane, lane);
      lane.push({ key, ...action, acceptedAt: accepted.at });
    }
    return [...lanes.values()].flatMap(inversionsOf);
  }
}

/** From the last applied to the first: whatever comes later must not have been there earlier. */
function inversionsOf(lane) {
  const found = [];
  const firstOfTab = new Map();
  let firstAccepted = Infinity;
  for (const { key, tab, number, enqueuedAt, acceptedAt } of [...lane].reverse()) {
    const isBehind = number > (firstOfTab.get(tab) ?? Infinity);
    if (isBehind || enqueuedAt > firstAccepted + clockSkewMs) found.push(key);
    firstOfTab.set(tab, Math.min(number, firstOfTab.get(tab) ?? Infinity));
    firstAccepted = Math.min(firstAccepted, acceptedAt);
  }
  return found;
}

const words = (what, keys) =>
  keys.length === 0 ? [] : [`${keys.length} ${what}: ${keys.slice(0, 5).join(", ")}`];
