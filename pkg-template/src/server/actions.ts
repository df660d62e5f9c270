/** From a decision to an answer, with the application's work between them. */
import type { Decision, Outcome } from "./decide.js";
import { decode, encode } from "./encoding.js";
import { joined, newId } from "./names.js";
import { ActionRejected } from "./rejected.js";
import { judge, settle } from "./rowStore.js";
import type { Action, ActionStore } from "./store.js";
import { Turns } from "./turns.js";

/** Tells of what went wrong in the application or in the store. */
export type Report = (error: unknown) => void;

/** What the client is told: `$sockeye` without the key, and what follows it. */
export interface Answer {
  readonly status: Readonly<Record<string, unknown>>;
  readonly args: readonly unknown[];
}

/** An action that came, and what there is to do about it. */
export interface Job<Tx> {
  readonly action: Action;
  /** Does the application's work; resolves with the arguments of its acknowledgement. */
  perform(tx: Tx | undefined): Promise<readonly unknown[]>;
  /** The work wants to be in the transaction of the decision. */
  readonly isTransactional: boolean;
  /** False if nobody waits for it any more: it is not begun then. */
  isWanted(): boolean;
  /** What it performed last was applied and is not rolled back any more. */
  committed(): void;
  answer(answer: Answer): void;
}

/** How actions are done. */
export interface ActionSettings<Tx> {
  readonly store: ActionStore<Tx>;
  readonly leaseMs: number;
  readonly report: Report;
}

/** Does actions: those of one lane one after the other, and the same one never twice at a time. */
export class Actions<Tx> {
  readonly #settings: ActionSettings<Tx>;
  readonly #turns = new Turns();
  readonly #failures = new Failures();
  /** Outcomes of work that is done, which the store could not take. */
  readonly #unsettled = new Map<string, Outcome>();

  constructor(settings: ActionSettings<Tx>) {
    this.#settings = settings;
  }

  /** Decides about an action, does it if so decided, and answers; never rejects. */
  async do(job: Job<Tx>): Promise<void> {
    const { identity, envelope } = job.action;
    const lane = joined("lane", identity, envelope.client, envelope.lane);
    const key = joined("key", identity, envelope.key);
    await this.#turns.take([lane, key], async () => {
      if (job.isWanted()) await this.#doNow(job).catch((error: unknown) => this.#fail(job, error));
    });
  }

  async #doNow(job: Job<Tx>): Promise<void> {
    const { store } = this.#settings;
    if (job.isTransactional && store.transaction) {
      this.#answer(job, await this.#inTransaction(job, store.transaction));
    } else {
      await this.#underLease(job);
    }
  }

  /** A rejection undoes the application's work, so it is stored in a transaction of its own. */
  async #inTransaction(
    job: Job<Tx>,
    transaction: NonNullable<ActionStore<Tx>["transaction"]>,
  ): Promise<Decision> {
    const { action } = job;
    const decideAnd = (work: (tx: Tx) => Promise<Outcome>) =>
      transaction(async (tx, rows): Promise<{ decision: Decision; isNew: boolean }> => {
        const decision = await judge(rows, action);
        if (decision.kind !== "apply") return { decision, isNew: false };
        const outcome = await settle(rows, action, await work(tx));
        return { decision: { kind: "known", outcome }, isNew: true };
      });
    try {
      const { decision, isNew } = await decideAnd(async (tx) =>
        this.#applied(await job.perform(tx)),
      );
      if (isNew) job.committed();
      return decision;
    } catch (error) {
      if (!(error instanceof ActionRejected)) throw error;
      const rejected = this.#rejected(error);
      return (await decideAnd(() => Promise.resolve(rejected))).decision;
    }
  }

  /** Waits for the work no longer than the lease; what it answers later still counts. */
  async #underLease(job: Job<Tx>): Promise<void> {
    const { store, leaseMs } = this.#settings;
    const token = newId();
    const unsettled = this.#unsettled.get(nameOf(job.action));
    if (unsettled) {
      await this.#settle(job, token, unsettled);
      return;
    }
    const decision = await store.claim(job.action, token, leaseMs);
    if (decision.kind !== "apply") {
      this.#answer(job, decision);
      return;
    }
    const done = this.#performLeased(job, token).catch((error: unknown) => this.#fail(job, error));
    await within(leaseMs, done);
  }

  async #performLeased(job: Job<Tx>, token: string): Promise<void> {
    const { store } = this.#settings;
    const outcome = await this.#outcomeOf(job).catch(async (error: unknown) => {
      await store.release(job.action, token).catch(this.#settings.report);
      throw error;
    });
    if (outcome.status === "applied") job.committed();
    await this.#settle(job, token, outcome);
  }

  /** Work that is done must not be done again because the store could not be reached for a while. */
  async #settle(job: Job<Tx>, token: string, outcome: Outcome): Promise<void> {
    const name = nameOf(job.action);
    if (this.#unsettled.size >= mostUnsettled) this.#unsettled.clear();
    this.#unsettled.set(name, outcome);
    const settled = await this.#settings.store.settle(job.action, token, outcome);
    this.#unsettled.delete(name);
    this.#answer(job, { kind: "known", outcome: settled });
  }

  async #outcomeOf(job: Job<Tx>): Promise<Outcome> {
    try {
      return this.#applied(await job.perform(undefined));
    } catch (error) {
      if (error instanceof ActionRejected) return this.#rejected(error);
      throw error;
    }
  }

  #applied = (args: readonly unknown[]): Outcome => ({ status: "applied", args: this.#copy(args) });

  #rejected = ({ data }: ActionRejected): Outcome => ({
    status: "rejected",
    args: this.#copy(data === undefined ? [] : [data]),
  });

  /** The application may change its objects; what cannot be sent is left out, since the work is done. */
  #copy(args: readonly unknown[]): readonly unknown[] {
    try {
      return decode(encode(args)) as readonly unknown[];
    } catch (error) {
      this.#settings.report(error);
      return [];
    }
  }

  #answer(job: Job<Tx>, decision: Decision): void {
    if (decision.kind !== "retry") this.#failures.forget(job.action);
    job.answer(answerOf(decision));
  }

  #fail(job: Job<Tx>, error: unknown): void {
    this.#settings.report(error);
    job.answer(retryAnswer(this.#failures.count(job.action)));
  }
}

/** How often actions failed one after the other. */
class Failures {
  readonly #counts = new Map<string, number>();

  /** Counts one more; returns how often the action has failed. */
  count(action: Action): number {
    const name = nameOf(action);
    const count = (this.#counts.get(name) ?? 0) + 1;
    if (this.#counts.size >= mostFailures) this.#counts.clear();
    this.#counts.set(name, count);
    return count;
  }

  forget(action: Action): void {
    this.#counts.delete(nameOf(action));
  }
}

/** Of this action and this payload; another payload is a conflict, which the store finds. */
const nameOf = ({ identity, envelope: { key }, hash }: Action): string =>
  joined(identity, key, hash);

function answerOf(decision: Decision): Answer {
  switch (decision.kind) {
    case "known":
      return { status: { s: decision.outcome.status }, args: decision.outcome.args };
    case "renumber":
    case "gap":
      return { status: { s: decision.kind, e: decision.epoch, n: decision.last }, args: [] };
    case "memory":
      return { status: { s: "memory", m: decision.memory }, args: [] };
    case "conflict":
      return { status: { s: "conflict" }, args: [] };
    case "apply":
    case "retry":
      return retryAnswer(1);
  }
}

/** Asks to come again: after a second the first time, after twice as long each time it fails. */
export const retryAnswer = (failures: number): Answer => ({
  status: { s: "retry", afterMs: Math.min(firstRetryMs * 2 ** (failures - 1), lastRetryMs) },
  args: [],
});

/** Resolves when `work` does, or when the time is over. */
async function within(limitMs: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
    timer.unref();
  });
  await Promise.race([work, limit]);
  clearTimeout(timer);
}

const firstRetryMs = 1_000;
const lastRetryMs = 60_000;
const mostFailures = 10_000;
const mostUnsettled = 10_000;
