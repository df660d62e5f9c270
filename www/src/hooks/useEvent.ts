import { useEffect, useEffectEvent } from "react";
import type { EventName, EventValue, Client } from "sockeye-client";

/** Calls `handle` with each event of this name, as long as the component is there. */
export function useEvent<In extends object, Out extends object, Name extends EventName<In>>(
  client: Client<In, Out>,
  name: Name,
  handle: (value: EventValue<In, Name>) => void,
): void {
  const onEvent = useEffectEvent(handle);
  useEffect(() => {
    const subscription = client.on(name).subscribe((value) => onEvent(value));
    return () => subscription.unsubscribe();
  }, [client, name]);
}
