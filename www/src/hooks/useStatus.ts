import { useCallback, useSyncExternalStore } from "react";
import type { Client, ClientStatus } from "sockeye-client";

/** Returns the client's status, and renders again when it changes. */
export function useStatus({ status }: Pick<Client, "status">): ClientStatus {
  const subscribe = useCallback(
    (onChange: () => void) => {
      const subscription = status.subscribe(onChange);
      return () => subscription.unsubscribe();
    },
    [status],
  );
  return useSyncExternalStore(subscribe, () => status.value);
}
