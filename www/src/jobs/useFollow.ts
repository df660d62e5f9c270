import { useRef, useState } from "react";
import { jobs } from "../clients";
import type { Follow } from "../events";
import { useStatusChange } from "../hooks/useStatusChange";

export interface Following {
  follow: Follow;
  /** The room in which the server has put the client. */
  room: string | undefined;
  error: string | undefined;
  setFollow: (follow: Follow) => void;
}

/**
 * Which jobs the server is asked to report; a new connection asks anew.
 *
 * `onFollowed` is called when the server has confirmed: whatever came before may have been missed.
 */
export function useFollow(onFollowed: () => void): Following {
  const [follow, setFollow] = useState<Follow>({});
  const [answer, setAnswer] = useState<Pick<Following, "room" | "error">>();
  const latest = useRef(0);

  const subscribe = async (wanted: Follow) => {
    const turn = ++latest.current;
    const show = (shown: typeof answer) => {
      if (turn === latest.current) setAnswer(shown);
    };
    show(undefined);
    try {
      const { success, room, message } = await jobs.request("subscribe:jobs", wanted);
      show(success ? { room: room ?? undefined, error: undefined } : refused(message));
      if (success) onFollowed();
    } catch (error) {
      show(refused(error instanceof Error ? error.message : String(error)));
    }
  };

  useStatusChange(jobs, ({ state }) => {
    setAnswer(undefined);
    if (state === "connected") void subscribe(follow);
  });

  const change = (next: Follow) => {
    setFollow(next);
    if (jobs.status.value.state !== "connected") return;
    jobs.request("unsubscribe:jobs", follow).catch(() => {}); // lost with the connection: no harm
    void subscribe(next);
  };
  return { follow, room: answer?.room, error: answer?.error, setFollow: change };
}

const refused = (error: string) => ({ room: undefined, error });
