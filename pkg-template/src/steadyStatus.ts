/** The status without its flaps, for what a person looks at. */
import { StateObservable, Subject } from "./observable.js";
import type { ClientStatus } from "./status.js";

/**
 * Returns a status that changes its state only when the state has been another for `steadyAfterMs`. A
 * state that ends by itself is told then, one that does not (`disconnected`, `closed`) at once.
 */
export function steady(
  status: StateObservable<ClientStatus>,
  steadyAfterMs: number,
  report: (error: unknown) => void,
): StateObservable<ClientStatus> {
  const subject = new Subject<ClientStatus>(report);
  let told = status.value;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const settle = () => {
    clearTimeout(timer);
    timer = undefined;
  };
  const tell = (next: ClientStatus) => {
    settle();
    told = next;
    subject.next(next);
  };
  const take = (next: ClientStatus) => {
    if (next.state === "disconnected" || next.state === "closed") tell(next);
    else if (next.state !== told.state)
      timer ??= setTimeout(() => tell(status.value), steadyAfterMs);
    else if (next.state === "connected") settle();
    else tell(next);
  };
  status.subscribe({
    // The first is the one that is told already.
    next: (next) => (next === told ? undefined : take(next)),
    complete: () => {
      settle();
      subject.complete();
    },
  });
  return new StateObservable(() => told, subject);
}
