import { topics } from "../events";
import { Badge } from "../ui/Badge";
import { useTopics } from "./useTopics";

/** What the server is asked to send, topic by topic, and what it has confirmed. */
export function TopicBar() {
  const { wanted, states, toggle } = useTopics();
  return (
    <ul className="topics" aria-label="Topics">
      {topics.map((topic) => (
        <li key={topic} className="topic">
          <div role="status" data-testid={`topic-${topic}`} data-state={states[topic]}>
            <span className="topic-name">{topic}</span> <Badge state={states[topic]} />
          </div>
          <button
            type="button"
            className="small"
            aria-label={`${wanted[topic] ? "Unsubscribe from" : "Subscribe to"} ${topic}`}
            onClick={() => toggle(topic)}
            data-testid={`subscribe-${topic}`}
          >
            {wanted[topic] ? "Unsubscribe" : "Subscribe"}
          </button>
        </li>
      ))}
    </ul>
  );
}
