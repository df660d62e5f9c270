/** The outbox's part that works with the core. Loaded with it. */
import { type Action, isEnding } from "./action.js";
import { describe } from "./descriptions.js";
import { type ErrorData, SockeyeError, type SockeyeErrorCode } from "./errors.js";
import { Forgetting } from "./forgetting.js";
import type { Enqueued, Nack, Outbox, OutboxItem } from "./outbox.js";
import type { ActionState, StoreCommand } from "./outboxPort.js";
import type { StoredAction, StoreErrorCode, UnreadableAction } from "./outboxStore.js";
import { lengthOf } from "./serialize.js";
import { isTooDeep, MAX_DEPTH } from "./tooDeep.js";
import { toValue } from "./toValue.js";
import { timeLeft } from "./timeLeft.js";
import { type PlaceScope, StorePlace } from "./storePlace.js";
import type { Endings } from "./storePort.js";
import { toStoreErrorCode } from "./storeRunner.js";
import { TextEncoder } from "./text.js";

/** The ends of which the core may say no more than that. */
const codes: Partial<Record<ActionState, SockeyeErrorCode>> = {
  rejected: "action_rejected",
  expired: "action_expired",
  cancelled: "action_cancelled",
  conflict: "action_conflict",
  quarantined: "action_quarantined",
  unknown: "action_unknown",
};

const isParked = (state: ActionState) => state === "quarantined" || state === "unknown";

/** What is left of a desk whose core has failed. */
export interface Remains {
  storing: ReadonlyMap<string, Enqueued>;
  held: Enqueued[];
  /** The users of whom what the store holds was being removed. */
  discarding: ReadonlySet<string>;
  /** Resolves when the store has done what it was told. */
  endings: Promise<Endings>;
}

export class OutboxDesk {
  readonly #scope: PlaceScope;
  readonly #outbox: Outbox;
  readonly #store: StorePlace;
  /** Actions that were there before, until the store has said what it holds of them. */
  #returned: string[] = [];
  /** What the core was given and has not stored, as far as anybody knows. */
  readonly #storing = new Map<string, Enqueued>();
  /** What waits until the store has said which of those before it holds. */
  #held: Enqueued[] | undefined;
  /** How actions ended of which the core before could not tell. */
  #endings: Endings = new Map();
  /** Who waits to hear whether what was put aside is gone. */
  readonly #forgetting = new Forgetting();
  /** Actions that were to be cancelled by a core that has failed. */
  readonly #cancelling = new Set<string>();
  /** What the store holds and the core has yet to speak of. */
  readonly #stored = new Map<string, StoredAction | UnreadableAction>();
  readonly #discarding = new Set<string>();
  readonly #encoder = new TextEncoder();
  #isClosed = false;

  constructor(scope: PlaceScope, outbox: Outbox, remains?: Remains) {
    this.#scope = scope;
    this.#outbox = outbox;
    this.#store = new StorePlace(
      scope,
      {
        handleStored: (actions) => this.#onStored(actions),
        handleOpened: (keys) => this.#onOpened(keys),
        handleLessDurable: (cause) => this.#onFailed("not_durable", cause),
        handleFailed: (code, error) => {
          // The core has to say what becomes of what was to be stored, unless the store goes on.
          if (!this.#isClosed && code !== "storage_lost") this.#release(new Set());
          this.#onFailed(code, error);
        },
      },
      Promise.resolve(remains?.endings),
    );
    if (remains) this.#takeOver(remains);
  }

  open(): void {
    const { core, socket, options } = this.#scope;
    core.openOutbox(socket, options.settings);
  }

  accept(enqueued: Enqueued): void {
    if (this.#held) this.#held.push(enqueued);
    else this.#accept(enqueued);
  }

  #accept(enqueued: Enqueued): void {
    const { action, data, outgoing, since } = enqueued;
    const { core, socket } = this.#scope;
    const { body, attachments } = outgoing;
    const left = data.ttlMs === undefined ? {} : { ttlMs: timeLeft(data.ttlMs, since) };
    const bytes = this.#encoder.encode(body).length + lengthOf({ body: "", attachments });
    this.#storing.set(action.id, enqueued);
    const error = this.#wouldBeLost
      ? describe("not_durable")
      : isTooDeep(body)
        ? describe("not_serializable", `more than ${MAX_DEPTH} levels deep`)
        : core.enqueue(
            socket,
            { ...data, ...left, bytes, attachmentCount: attachments?.length ?? 0 },
            body,
            attachments,
          );
    if (!error) return;
    this.#storing.delete(action.id);
    this.#outbox.refuse(action, new SockeyeError(error));
  }

  cancel(action: Action): void {
    const { id } = action;
    const isHeld = this.#held?.some((held) => held.action === action) === true;
    if (isHeld) {
      this.#held = this.#held?.filter((held) => held.action !== action);
      this.#outbox.cancelUnsent(action);
    } else this.#scope.core.cancelAction(this.#scope.socket, id);
  }

  pause(isPaused: boolean): void {
    const { core, socket } = this.#scope;
    if (isPaused) core.pauseOutbox(socket);
    else core.resumeOutbox(socket);
  }

  retry(id: string): boolean {
    const isQueued = this.#scope.core.retryAction(this.#scope.socket, id);
    if (isQueued) this.#outbox.actions.get(id)?.handleRetry();
    return isQueued;
  }

  async clear(filter: (item: OutboxItem) => boolean): Promise<number> {
    const cancelled = this.#outbox.items.value.filter(filter).map((item) => this.#remove(item));
    return (await Promise.all(cancelled)).filter(Boolean).length;
  }

  /** Rejects the action that the server has said no to. */
  nack(nack: Nack, reason: unknown): void {
    const isMeant = (action: Action) =>
      "id" in nack ? action.id === nack.id : isLike(action, nack);
    for (const action of this.#outbox.actions.values()) {
      if (action.status.value.state !== "sent" || !isMeant(action)) continue;
      this.#scope.core.nackAction(this.#scope.socket, action.id, [reason]);
      return;
    }
  }

  /** The actions are those of another user from now on. */
  handleIdentity(): void {
    this.#forgetting.stop();
    this.#stored.clear();
    this.#storing.clear();
    this.#held = undefined;
    this.#returned = [...this.#outbox.actions.keys()];
  }

  /** Removes what the store holds of a user, but not what has been enqueued since. */
  async discard(identity: string): Promise<void> {
    this.#discarding.add(identity);
    try {
      const { actions } = this.#outbox;
      const kept = [...actions.values()].filter(({ args }) => args !== undefined);
      await this.#store.discard(
        identity,
        kept.map(({ id }) => id),
      );
    } catch (error) {
      this.#onFailed(toStoreErrorCode(error), error);
    }
    this.#discarding.delete(identity);
  }

  /** Returns the actions that no core has, which are not stored. */
  get held(): Enqueued[] {
    return this.#held ?? [];
  }

  /** The core has failed. Returns what another desk goes on with. */
  abandon(): Remains {
    this.#isClosed = true;
    this.#forgetting.stop();
    return {
      storing: this.#storing,
      held: this.#held ?? [],
      discarding: new Set(this.#discarding),
      endings: this.#store.abandon().then((endings) => new Map([...this.#endings, ...endings])),
    };
  }

  /** What was being stored may be in the store, so what comes now has to wait: it must not overtake. */
  #takeOver({ storing, held, discarding, endings }: Remains): void {
    for (const identity of discarding) void this.discard(identity);
    this.#returned = [...this.#outbox.actions.keys()];
    for (const [id, enqueued] of storing) this.#storing.set(id, enqueued);
    this.#held = held;
    for (const { id, isCancelling } of this.#outbox.actions.values()) {
      if (isCancelling) this.#cancelling.add(id);
    }
    void endings.then((known) => (this.#endings = known));
  }

  /** The store does not hold what was being stored, or nobody can know. */
  #release(keys: ReadonlySet<string>): void {
    const held = this.#held;
    this.#held = undefined;
    if (!held) return;
    const lost = [...this.#storing.values()].filter(({ action }) => !keys.has(action.id));
    for (const enqueued of [...lost, ...held]) this.#accept(enqueued);
  }

  close(): void {
    this.#isClosed = true;
    this.#forgetting.stop();
    this.#store.close();
  }

  // What the core says.

  store(ticket: number, command: StoreCommand): void {
    this.#store.run(ticket, command);
  }

  action(
    key: string,
    state: ActionState,
    attempts: number,
    data: ErrorData | undefined,
    args: readonly unknown[],
  ): void {
    if (data?.code === "identity_changed") this.#outbox.disown(key, new SockeyeError(data));
    const action = this.#outbox.actions.get(key) ?? this.#restore(key);
    if (state !== "storing") this.#storing.delete(key);
    if (!action) return;
    const error = toError(state, data, args);
    if (error && state === "rejected" && action.status.value.state === "storing") {
      const notDurable = () => new SockeyeError(describe("not_durable"));
      this.#outbox.refuse(action, this.#wouldBeLost ? notDurable() : error);
      return;
    }
    const hasLeft = isEnding(state) && !isParked(state);
    if (hasLeft) this.#outbox.remove(key);
    else this.#outbox.handleChanged(key);
    if (state === "applied") this.#onApplied(action, attempts, args);
    else action.handleStatus({ state, attempts, ...(error && { error }) }, args);
    if (state !== "storing" && this.#cancelling.delete(key)) this.cancel(action);
  }

  /** It has been applied, also if nobody is to see the answer. */
  #onApplied(action: Action, attempts: number, args: readonly unknown[]): void {
    const status = { state: "applied", attempts } as const;
    let told;
    try {
      told = this.#outbox.answered(action, args);
    } catch (vetoed) {
      action.handleStatus({ ...status, error: vetoed as SockeyeError }, []);
      return;
    }
    action.handleStatus(status, told);
  }

  cancelRefused(key: string): void {
    this.#outbox.actions.get(key)?.handleCancelled(false);
    this.#forgetting.settle(key, false);
  }

  /** It was put aside, and now it is gone: by `clear()`, or by another client. */
  forgotten(key: string): void {
    const action = this.#outbox.actions.get(key);
    this.#outbox.remove(key);
    action?.close(new SockeyeError(describe("action_cancelled")));
    this.#forgetting.settle(key, true);
  }

  /** Asks the application what to send; what it throws changes nothing. */
  async flushAsked(ticket: number, keys: string[]): Promise<void> {
    const { core, socket, options } = this.#scope;
    let keep = keys;
    try {
      const items = await Promise.all(keys.map((key) => this.#toItem(key)));
      const plan = await options.beforeFlush?.(items.filter((item) => item !== undefined));
      if (plan) keep = plan.map(toKey);
    } catch (error) {
      this.#outbox.report(error);
    }
    const asked = new Set(keys);
    const kept = new Set(keep.filter((key) => asked.has(key)));
    const dropped = keys.filter((key) => !kept.has(key));
    if (!this.#isClosed) core.flushPlan(socket, ticket, [...kept], dropped);
  }

  #onStored(actions: readonly (StoredAction | UnreadableAction)[]): void {
    for (const action of actions) {
      if (!this.#outbox.actions.has(action.key)) this.#stored.set(action.key, action);
    }
  }

  /** What is gone has ended while the user was away, or while there was no core. */
  #onOpened(keys: ReadonlySet<string>): void {
    if (this.#isClosed) return; // Another desk has what is left.
    const isGone = (key: string) => !keys.has(key) && !this.#isComing(key);
    const gone = this.#returned.splice(0).filter(isGone);
    this.#release(keys);
    for (const key of gone) {
      const action = this.#outbox.actions.get(key);
      if (action) this.#onGone(action);
    }
  }

  #isComing(key: string): boolean {
    if (this.#endings.has(key)) return false;
    return this.#storing.has(key) || this.held.some(({ action }) => action.id === key);
  }

  /** Perhaps nobody told this client how it ended. */
  #onGone(action: Action): void {
    const { id, attempts } = action;
    const ending = this.#endings.get(id);
    this.#storing.delete(id);
    this.action(id, ending?.outcome ?? "unknown", attempts, undefined, ending?.args ?? []);
    if (ending) return;
    this.#outbox.remove(id);
    action.close(new SockeyeError(describe("action_unknown")));
  }

  /** Whether the application wants nothing stored that this store would lose. */
  get #wouldBeLost(): boolean {
    return this.#scope.options.requireDurable && this.#store.isLostWithPage;
  }

  #onFailed(code: StoreErrorCode | "not_durable", cause: unknown): void {
    this.#outbox.tell(new SockeyeError(describe(code), { cause }));
  }

  /** Makes a handle of what somebody else stored. */
  #restore(key: string): Action | undefined {
    const stored = this.#stored.get(key);
    this.#stored.delete(key);
    if (!stored) return undefined;
    const { event = "", lane = "" } = stored;
    const action = this.#outbox.add({ id: key, event, lane, args: undefined });
    action.handleStored();
    const isDamaged = "isFuture" in stored;
    if (isDamaged) this.#onFailed("storage_damaged", new Error(`the record ${key} cannot be read`));
    return action;
  }

  async #remove({ id, state }: OutboxItem): Promise<boolean> {
    const { core, socket } = this.#scope;
    const action = this.#outbox.actions.get(id);
    if (!isParked(state)) return (await action?.cancel()) ?? false;
    const forgotten = this.#forgetting.wait(id);
    core.forgetAction(socket, id);
    return forgotten;
  }

  async #toItem(key: string): Promise<OutboxItem | undefined> {
    const action = this.#outbox.actions.get(key);
    if (!action) return undefined;
    const { id, event, lane, status } = action;
    const args = action.args ?? (await this.#readArgs(key));
    return { id, event, lane, args, ...status.value };
  }

  /** What stands in for binary values is left as it is. There are none of what cannot be read. */
  async #readArgs(key: string): Promise<readonly unknown[] | undefined> {
    const body = await this.#store.load(key).catch(() => undefined);
    return body === undefined ? undefined : (JSON.parse(body) as unknown[]).slice(1);
  }
}

/** What is left out of a plan is cancelled: who returns something else by mistake is to lose nothing. */
function toKey({ id }: OutboxItem): string {
  if (typeof (id as unknown) === "string") return id;
  throw new TypeError("beforeFlush returned something that is no item");
}

/** Whether an action sent this. What cannot be compared may have. */
function isLike(action: Action, nack: Exclude<Nack, { id: string }>): boolean {
  if (action.event !== nack.event) return false;
  if (!nack.args || !action.args) return true;
  return JSON.stringify(action.args) === JSON.stringify(nack.args);
}

function toError(
  state: ActionState,
  data: ErrorData | undefined,
  args: readonly unknown[],
): SockeyeError | undefined {
  const code = codes[state];
  if (!code) return undefined;
  return new SockeyeError(data ?? describe(code), { data: toValue(args, 0) });
}
