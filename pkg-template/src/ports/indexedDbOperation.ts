/** What is asked of a database, to be done within one transaction. */
import type { Work } from "./indexedDbWork.js";

export interface Operation<Result> {
  /**
   * Asks for everything that it needs, at once or when it has what it read, and waits for nothing else.
   * `isRepeated`: it was asked for before, and nobody knows whether that was done.
   */
  run(work: Work, isRepeated: boolean): Promise<Result>;
  /** Whether it writes. */
  readonly isWriting: boolean;
  /** How large the values are that it stores. */
  readonly bytes?: number;
  /** Whether it makes room. */
  readonly isRemoving?: boolean;
  /** Whether it has to go on when there is no room: with what is kept for that, and then without any. */
  readonly isNeeded?: boolean;
  /** What it has to wait for; what comes after it waits, too. */
  readonly ready?: Promise<unknown>;
  /** For what must not have been done when it was said that it failed. */
  readonly undo?: Undo;
}

/** Undoes an operation that may have been done although it was said that it failed. */
export interface Undo {
  /** Undoes nothing if the operation was not done. */
  run(work: Work): Promise<unknown>;
  handleUndone(): void;
}

/** What is done first in a database that is another one than before. */
export interface Restorer {
  /** Whether there is anything that would be lost. */
  readonly isNeeded: () => boolean;
  run(work: Work): Promise<void>;
  /** It was done, or why it could not be. */
  handleRestored(failure: unknown): void;
}

/** An operation that waits, or is under way. */
export interface Entry {
  readonly operation: Operation<unknown>;
  isReady: boolean;
  isRepeated: boolean;
  /** Whether there was no room for it, so that it must store nothing. */
  isFull: boolean;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export const nothing: Operation<undefined> = {
  isWriting: false,
  run: () => Promise.resolve(undefined),
};

export const toEntry = (asked: Pick<Operation<unknown>, "run">): Entry => ({
  operation: { isWriting: true, run: (work, isRepeated) => asked.run(work, isRepeated) },
  ...{ isReady: true, isRepeated: false, isFull: false },
  ...{ resolve: () => {}, reject: () => {} },
});
