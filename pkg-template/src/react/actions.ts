/** Actions that are not lost, in components. */
import { useCallback, useEffect, useState } from "react";
import { type Action, type ActionOptions, type ActionStatus, isEnding } from "../action.js";
import type { SockeyeError } from "../errors.js";
import type { NamespaceClient } from "../namespaceClient.js";
import type { OutboxItem } from "../outbox.js";
import { useNewest } from "./kept.js";
import { itself, useStateOf } from "./states.js";

/** What `useAction` returns. The fields are about the action that `run` made last. */
export interface ActionHandle<Args extends unknown[], Ack> {
  /** Enqueues the event. It is the same function as long as client and event are the same. */
  run: (...args: Args) => Action<Ack>;
  action: Action<Ack> | undefined;
  status: ActionStatus | undefined;
  /** What the server has answered. */
  value: Ack | undefined;
  /** Why it ended, if not `applied`. */
  error: SockeyeError | undefined;
  /** Whether it has yet to end. */
  isPending: boolean;
  /** Forgets the action; what becomes of it does not change. */
  reset: () => void;
}

export function useClientAction<Args extends unknown[], Ack>(
  client: NamespaceClient,
  event: string,
  options: ActionOptions = {},
): ActionHandle<Args, Ack> {
  const [action, setAction] = useState<Action<Ack>>();
  const newest = useNewest(options);
  const run = useCallback(
    (...args: Args) => {
      const made = client.with(newest.current).enqueue(event, ...args) as Action<Ack>;
      setAction(made);
      return made;
    },
    [client, event, newest],
  );
  const reset = useCallback(() => setAction(undefined), []);
  const status = useStateOf<ActionStatus | undefined, ActionStatus | undefined>(
    action?.status,
    undefined,
    itself,
  );
  const value = useResult(action, status?.state === "applied");
  const isPending = status !== undefined && !isEnding(status.state);
  return { run, action, status, value, error: status?.error, isPending, reset };
}

/** Returns what an applied action was answered with, one rendering after it is known. */
function useResult<Ack>(action: Action<Ack> | undefined, isApplied: boolean): Ack | undefined {
  const [answer, setAnswer] = useState<{ of: Action<Ack>; value: Ack }>();
  useEffect(() => {
    if (!action || !isApplied) return;
    action.result.then(
      (value) => setAnswer({ of: action, value }),
      () => {},
    );
  }, [action, isApplied]);
  return answer && answer.of === action ? answer.value : undefined;
}

export function useClientOutbox(client: NamespaceClient): readonly OutboxItem[] {
  return useStateOf(client.outbox.items, noItems, itself);
}

const noItems: readonly OutboxItem[] = [];
