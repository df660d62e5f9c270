import { useState } from "react";
import { primes } from "../clients";
import { type Topic, topics } from "../events";
import { useEvent } from "../hooks/useEvent";
import { useStatus } from "../hooks/useStatus";
import { useStatusChange } from "../hooks/useStatusChange";

/** `unconfirmed`: the server has not yet said that it knows what is wanted. */
export type TopicState = "subscribed" | "unsubscribed" | "unconfirmed" | "offline";

export interface Topics {
  wanted: Record<Topic, boolean>;
  states: Record<Topic, TopicState>;
  toggle: (topic: Topic) => void;
}

/** Which topics are wanted, and which the server has confirmed; a new connection gets them anew. */
export function useTopics(): Topics {
  const isConnected = useStatus(primes).state === "connected";
  const [wanted, setWanted] = useState({ batches: true, jobs: true, solutions: true });
  const [confirmed, setConfirmed] = useState<Partial<Record<Topic, boolean>>>({});

  useStatusChange(primes, ({ state }) => {
    setConfirmed({});
    if (state !== "connected") return;
    for (const topic of topics) if (wanted[topic]) primes.emit(`subscribe:${topic}`);
  });
  useEvent(primes, "subscription:confirmed", ({ type, subscribed }) =>
    setConfirmed((before) => ({ ...before, [type]: subscribed })),
  );

  // Without a connection nothing is sent: the next one starts with what is wanted then.
  const toggle = (topic: Topic) => {
    const wants = !wanted[topic];
    setWanted({ ...wanted, [topic]: wants });
    if (primes.status.value.state !== "connected") return;
    primes.emit(wants ? `subscribe:${topic}` : `unsubscribe:${topic}`);
  };
  const stateOf = (topic: Topic): TopicState => {
    if (!isConnected) return "offline";
    // A new connection is subscribed to nothing, and nobody confirms that.
    if ((confirmed[topic] ?? false) !== wanted[topic]) return "unconfirmed";
    return wanted[topic] ? "subscribed" : "unsubscribed";
  };
  const states = {
    batches: stateOf("batches"),
    jobs: stateOf("jobs"),
    solutions: stateOf("solutions"),
  };
  return { wanted, states, toggle };
}
