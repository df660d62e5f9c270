/** How an application refuses an action for good. */

/**
 * Refuses an action for good: throw it in a handler, or give it to the acknowledgement.
 *
 * The refusal is stored as the action's outcome, so that an action that is sent again gets the same
 * answer. Every other error means "not now": nothing is stored, and the client sends the action again.
 *
 * @example
 * jobs.handle(socket, "book", async ({ tx }, seat) => {
 *   if (await isTaken(tx, seat)) throw new ActionRejected({ reason: "taken" });
 *   return book(tx, seat);
 * });
 */
export class ActionRejected extends Error {
  override readonly name = "ActionRejected";
  /** What the client gets as the reason; plain data. */
  readonly data: unknown;

  /** `data` is what the client gets as the reason. */
  constructor(data?: unknown) {
    super("the application rejected the action");
    this.data = data;
  }
}
