/** The questions to the application that a newer one makes useless. */
export class Question {
  #asking: AbortController | undefined;

  /** Begins a question; what was asked before counts no more. Aborts when the answer is of no use. */
  begin(): AbortController {
    this.cancel();
    return (this.#asking = new AbortController());
  }

  /** Ends a question; returns whether its answer still counts. */
  finish(asking: AbortController): boolean {
    const isCurrent = this.#asking === asking;
    if (isCurrent) this.#asking = undefined;
    return isCurrent;
  }

  /** Gives up what is being asked. */
  cancel(): void {
    const asking = this.#asking;
    this.#asking = undefined;
    asking?.abort();
  }
}
