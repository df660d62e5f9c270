/** Does with a store what the core wants done. */
import type { CorePort } from "./port.js";
import type { StoreAnswer, StoreCommand } from "./outboxPort.js";
import type {
  Candidate,
  Contents,
  Fenced,
  OutboxPartition,
  OutboxStore,
  Settlement,
  StoreChange,
  StoreErrorCode,
} from "./outboxStore.js";
import { Discards } from "./discards.js";
import type { Endings, StoreLink, StoreListener } from "./storePort.js";

/** What a store says to the core, and asks of it. */
export type StoreCore = Pick<
  CorePort,
  "storeAnswered" | "storeChanged" | "refreshOutbox" | "signsOfLife" | "couldDrain"
>;

/** What a {@link StoreRunner} needs. */
export interface StoreScope {
  core: StoreCore;
  socket: number;
  /** The namespace. */
  name: string;
  store: OutboxStore;
  /** Whether what would be lost with the page is not to be stored. */
  requireDurable?: boolean;
}

/** What the owner of a {@link StoreRunner} is told. */
export interface RunnerListener extends StoreListener {
  /** The store has been opened, and survives less than it was made for. */
  handleLessDurable(cause: unknown): void;
}

type AnsweredCommand = Exclude<StoreCommand, { type: "resign" }>;
type LeaderCommand = Extract<
  StoreCommand,
  { type: "lead" | "raiseEpoch" | "mark" | "settle" | "park" }
>;

/** Commands are begun in the order in which they come, and answered in any, never at once. */
export class StoreRunner implements StoreLink {
  readonly #scope: StoreScope;
  readonly #listener: RunnerListener;
  /** What has to end before the store is opened. */
  readonly #before: Promise<unknown>;
  /** Commands that have not been answered, but for those that wait to lead. */
  readonly #begun = new Set<Promise<void>>();
  /** How actions end of which the core does not know yet that the store has removed them. */
  readonly #endings = new Map<string, Settlement>();
  readonly #discards = new Discards();
  #partition: Promise<OutboxPartition> | undefined;
  #leading: AbortController | undefined;
  #isClosed = false;

  constructor(
    scope: StoreScope,
    listener: RunnerListener,
    before: Promise<unknown> = Promise.resolve(),
  ) {
    this.#scope = scope;
    this.#listener = listener;
    this.#before = before;
  }

  run(ticket: number, command: StoreCommand): void {
    this.#discards.note(command);
    if (command.type === "resign") this.#resign();
    else void this.#run(ticket, command);
  }

  async abandon(): Promise<Endings> {
    this.close();
    await Promise.all(this.#begun);
    return this.#endings;
  }

  async load(key: string): Promise<string | undefined> {
    const partition = await this.#partition;
    return (await partition?.load(key))?.body;
  }

  async discard(identity: string, kept: readonly string[]): Promise<void> {
    const { name: namespace, store } = this.#scope;
    await this.#discards.run(store, { namespace, identity }, kept);
  }

  close(): void {
    this.#isClosed = true;
    this.#leading?.abort();
    this.#closePartition();
  }

  async #run(ticket: number, command: AnsweredCommand): Promise<void> {
    const running = this.#perform(ticket, command);
    if (command.type === "lead") return;
    this.#begun.add(running);
    await running;
    this.#begun.delete(running);
  }

  async #perform(ticket: number, command: AnsweredCommand): Promise<void> {
    const { core, socket } = this.#scope;
    if (command.type === "open") this.#open(command.identity);
    const asked = this.#partition;
    let answer: StoreAnswer;
    try {
      answer = await this.#execute(command);
    } catch (error) {
      const code = toStoreErrorCode(error);
      answer = { type: "failed", code };
      // What fails for the user before concerns nobody any more.
      if (!this.#isClosed && this.#partition === asked) this.#listener.handleFailed(code, error);
    }
    const endings = toEndings(command, answer);
    for (const ending of endings) this.#endings.set(ending.key, ending);
    if (!this.#isClosed) core.storeAnswered(socket, ticket, answer);
    // It may have failed just now.
    if (!this.#isClosed) for (const { key } of endings) this.#endings.delete(key);
  }

  #open(identity: string): void {
    this.#closePartition();
    const { core, socket, name: namespace, store } = this.#scope;
    const handleChanges = (changes: readonly StoreChange[]) => {
      if (this.#isClosed || this.#partition !== opening) return;
      const known = changes.filter((change) => change.type !== "missed");
      for (const change of known)
        if (change.type === "put") this.#listener.handleStored([change.action]);
      if (known.length > 0) core.storeChanged(socket, known);
      if (known.length < changes.length) core.refreshOutbox(socket);
    };
    const handleFailed = (error: unknown) => {
      if (this.#isClosed || this.#partition !== opening) return;
      this.#listener.handleFailed(toStoreErrorCode(error), error);
    };
    const opening = this.#before.then(() =>
      store.open({ namespace, identity }, handleChanges, handleFailed),
    );
    this.#partition = opening;
  }

  /** What was begun before ends before. */
  #closePartition(): void {
    this.#partition?.then((partition) => partition.close()).catch(() => {});
  }

  #resign(): void {
    this.#leading?.abort();
    this.#partition?.then((partition) => partition.resign()).catch(() => {});
  }

  async #execute(command: AnsweredCommand): Promise<StoreAnswer> {
    const opened = this.#partition;
    const partition = await opened;
    if (!partition) throw new Error("the outbox's store is not open");
    switch (command.type) {
      case "open":
      case "read":
        return this.#tellContents(
          command.type,
          partition.clientId,
          await partition.contents(),
          this.#partition === opened,
        );
      case "put": {
        const { action, payload, replaces } = command;
        const { requireDurable, store } = this.#scope;
        if (requireDurable && store.durability === "memory") return notStored;
        return { type: "stored", ...(await partition.put(action, payload, replaces)) };
      }
      case "load": {
        const payload = await partition.load(command.key);
        return payload ? { type: "loaded", payload } : { type: "missing" };
      }
      case "unpark": {
        const stored = await partition.unpark(command.key);
        return stored === "missing"
          ? { type: stored }
          : { type: "stored", replaced: false, ...stored };
      }
      case "remove":
        return { type: await partition.remove(command.key, command.onlyUnsent) };
      case "lead":
      case "raiseEpoch":
      case "mark":
      case "settle":
      case "park":
        return this.#executeAsLeader(partition, command);
    }
  }

  /** Of what was asked for a user before only the core hears: nobody else waits for it. */
  #tellContents(
    type: "open" | "read",
    clientId: string,
    contents: Contents,
    isCurrent: boolean,
  ): StoreAnswer {
    if (type === "open") {
      return isCurrent
        ? this.#opened(clientId, contents)
        : { type: "opened", clientId, ...contents };
    }
    const answer = { type: "contents", ...contents } as const;
    return isCurrent ? this.#told(answer) : answer;
  }

  async #executeAsLeader(partition: OutboxPartition, command: LeaderCommand): Promise<StoreAnswer> {
    switch (command.type) {
      case "lead":
        return this.#lead(partition);
      case "raiseEpoch": {
        const epoch = await partition.raiseEpoch(command.epoch, command.atLeast);
        return epoch === "fenced" ? { type: "fenced" } : { type: "raised", epoch };
      }
      case "mark": {
        const marked = await partition.mark(command.epoch, command.marks);
        return marked === "fenced" ? { type: marked } : { type: "marked", ...marked };
      }
      case "settle":
        return toDone(await partition.settle(command.epoch, command.settlements));
      case "park":
        return toDone(await partition.park(command.epoch, command.key, command.parked));
    }
  }

  /** Whoever has resigned is answered nothing, whatever the store says. */
  async #lead(partition: OutboxPartition): Promise<StoreAnswer> {
    const { core, socket } = this.#scope;
    const { signal } = (this.#leading = new AbortController());
    const candidate: Candidate = {
      heard: () => (this.#isClosed ? 0 : core.signsOfLife(socket)),
      couldDrain: () => !this.#isClosed && core.couldDrain(socket),
    };
    try {
      return this.#told({ type: "leading", ...(await partition.lead(signal, candidate)) });
    } catch (error) {
      if (signal.aborted) return new Promise(() => {});
      throw error;
    }
  }

  #opened(clientId: string, contents: Contents): StoreAnswer {
    const { actions, unreadable } = contents;
    const { failure } = this.#scope.store;
    if (failure !== undefined) this.#listener.handleLessDurable(failure);
    this.#listener.handleOpened(new Set([...actions, ...unreadable].map(({ key }) => key)));
    return this.#told({ type: "opened", clientId, ...contents });
  }

  /** A store holds them in any order: items are there oldest first, and the core takes in order what is. */
  #told<Answer extends StoreAnswer & Contents>(answer: Answer): Answer {
    const actions = [...answer.actions].sort((one, other) => one.order - other.order);
    this.#listener.handleStored([...actions, ...answer.unreadable]);
    return { ...answer, actions };
  }
}

const codes: StoreErrorCode[] = [
  "storage_full",
  "storage_version",
  "storage_damaged",
  "storage_lost",
];

/** Whoever asked knows why. */
const notStored: StoreAnswer = { type: "failed", code: "storage_failed" };

/** What the store has removed, and why. */
function toEndings(command: AnsweredCommand, answer: StoreAnswer): readonly Settlement[] {
  const { type } = answer;
  if (command.type === "settle" && type === "done") return command.settlements;
  if (command.type === "remove" && type === "removed") return [toCancelled(command.key)];
  const isReplaced = command.type === "put" && type === "stored" && answer.replaced;
  return isReplaced && command.replaces !== undefined ? [toCancelled(command.replaces)] : [];
}

const toCancelled = (key: string): Settlement => ({ key, outcome: "cancelled" });

const toDone = (answer: Fenced | undefined): StoreAnswer => ({ type: answer ?? "done" });

/** Stores throw errors with a `code`; any other error is one of the store itself. */
export function toStoreErrorCode(error: unknown): StoreErrorCode {
  const code = (error as { code?: unknown } | undefined)?.code;
  return codes.find((known) => known === code) ?? "storage_failed";
}
