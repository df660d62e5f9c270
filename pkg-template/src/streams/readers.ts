/** What several events say about one thing. */
import type { EventName, EventValue } from "../events.js";
import type { NamespaceClient } from "../namespaceClient.js";
import { Observable } from "../observable.js";
import type { Source } from "./source.js";

/** What makes something of the value of each event; `undefined` if it says nothing. */
export type Readers<ListenEvents extends object, Read> = {
  readonly [Name in EventName<ListenEvents>]?: (
    value: EventValue<ListenEvents, Name>,
  ) => Read | undefined;
};

/** @internal Returns what is read from the events of a client. */
export function readEvents<ListenEvents extends object, Emit extends object, Read>(
  client: NamespaceClient<ListenEvents, Emit>,
  readers: Readers<ListenEvents, Read>,
): Source<Read>[] {
  type Reader = ((value: unknown) => Read | undefined) | undefined;
  return Object.entries(readers as Record<string, Reader>).map(([event, read]) => {
    const values = (client as unknown as NamespaceClient).on(event);
    return new Observable<Read>((observer) => {
      const subscription = values.subscribe({
        next: (value) => {
          const said = read?.(value);
          if (said !== undefined) observer.next?.(said);
        },
        complete: () => observer.complete?.(),
      });
      return () => subscription.unsubscribe();
    });
  });
}
