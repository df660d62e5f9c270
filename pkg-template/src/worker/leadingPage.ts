/** The page that leads: its worker serves those of other tabs, as long as it holds the lock. */
import type { Candidate } from "./candidate.js";
import type { Leader } from "./link.js";

export class LeadingPage implements Leader {
  readonly #candidate: Candidate;
  readonly #tell: (leads: boolean) => void;
  #isAway = false;
  #handleLeft = () => {};

  /** `tell` tells its worker whether it leads. */
  constructor(candidate: Candidate, tell: (leads: boolean) => void) {
    this.#candidate = candidate;
    this.#tell = tell;
    tell(true);
  }

  watch(handleLeft: () => void): void {
    this.#handleLeft = handleLeft;
    this.#candidate.watch(handleLeft);
  }

  /** Its worker stands still with it: another one is to lead. */
  suspend(): void {
    this.#isAway = true;
    this.#candidate.lock.release();
    this.#tell(false);
  }

  resume(handleBack: () => void): void {
    const wasAway = this.#isAway;
    this.#isAway = false;
    if (wasAway) void this.#return(handleBack);
    else handleBack();
  }

  async #return(handleBack: () => void): Promise<void> {
    const leads = await this.#candidate.lock.holdIfFree();
    if (this.#isAway) return;
    if (leads) {
      this.#tell(true);
      handleBack();
    } else this.#handleLeft();
  }
}
