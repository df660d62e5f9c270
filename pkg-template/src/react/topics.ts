/** Topics in components. */
import { useEffect } from "react";
import type { NamespaceClient } from "../namespaceClient.js";
import type { AnyTopicOptions, TopicStatus } from "../topics.js";
import { useKept, useNewest } from "./kept.js";
import { itself, useStateOf } from "./states.js";

/** Joins the topic as long as the component is there and has options, and returns its status. */
export function useClientTopic(
  client: NamespaceClient,
  options: AnyTopicOptions | undefined,
): TopicStatus {
  const key = options && (options.key ?? JSON.stringify(options.join));
  const newest = useNewest(options);
  const topic = useKept(
    () => options && client.topic(withNewestMatch(options, newest) as never),
    client,
    key,
  );
  useEffect(() => {
    const retained = topic?.retain();
    return () => retained?.unsubscribe();
  }, [topic]);
  return useStateOf(topic?.status, idle, itself);
}

/** The function that is asked is the one of the last rendering, as with listeners. */
function withNewestMatch(
  options: AnyTopicOptions,
  newest: { readonly current: AnyTopicOptions | undefined },
): AnyTopicOptions {
  const { confirm } = options;
  if (!confirm) return options;
  const match = (value: never) => newest.current?.confirm?.match(value) === true;
  return { ...options, confirm: { event: confirm.event, match } };
}

const idle: TopicStatus = { state: "idle" };
