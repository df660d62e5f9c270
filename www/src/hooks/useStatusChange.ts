import { useEffect, useEffectEvent } from "react";
import type { Client, ClientStatus } from "sockeye-client";

/**
 * Calls `handle` with the client's status, first the current one.
 *
 * For what must happen on each change, even when two changes fall into one rendering.
 */
export function useStatusChange(
  { status }: Pick<Client, "status">,
  handle: (status: ClientStatus) => void,
): void {
  const onStatus = useEffectEvent(handle);
  useEffect(() => {
    const subscription = status.subscribe((current) => onStatus(current));
    return () => subscription.unsubscribe();
  }, [status]);
}
