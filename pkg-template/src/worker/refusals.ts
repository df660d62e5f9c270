/** What the core has refused, told later to whom it concerns. */
import type { ErrorData } from "../errors.js";
import type { ActionData } from "../outboxPort.js";
import type { CoreEvents } from "../port.js";
import type { Sending } from "./messages.js";

/** `args` are those with which it was sent. */
export function tellRefusal(
  events: Pick<CoreEvents, "settled" | "reported" | "action">,
  name: Sending,
  args: readonly unknown[],
  error: ErrorData,
): void {
  const [socket, second, third] = args as [number, number & ActionData, number];
  if (name === "request") events.settled(second, error, []);
  else if (name === "requestFirst") events.settled(third, error, []);
  else if (name !== "enqueue") events.reported(error);
  else events.action(socket, second.key, "rejected", 0, error, []);
}
