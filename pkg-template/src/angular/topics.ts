/** Topics as signals. */
import { DestroyRef, effect, inject, type Signal, signal, untracked } from "@angular/core";
import type { NamespaceClient } from "../namespaceClient.js";
import type { AnyTopicOptions, TopicStatus } from "../topics.js";

/** What a topic is made of, or what returns that and may read signals. */
export type TopicSource = AnyTopicOptions | (() => AnyTopicOptions | undefined);

/** Joins a topic until the injector is destroyed, and returns its status. */
export function topicSignal(client: NamespaceClient, source: TopicSource): Signal<TopicStatus> {
  const status = signal<TopicStatus>(idle);
  const join = (options: AnyTopicOptions | undefined) =>
    joined(client, options, (next) => status.set(next));
  if (typeof source !== "function") inject(DestroyRef).onDestroy(join(source));
  else {
    effect((onCleanup) => {
      const options = source();
      onCleanup(untracked(() => join(options)));
    });
  }
  return status.asReadonly();
}

/** Joins; what is returned leaves. */
function joined(
  client: NamespaceClient,
  options: AnyTopicOptions | undefined,
  tell: (status: TopicStatus) => void,
): () => void {
  if (!options) return () => {};
  const topic = client.topic(options as never);
  const retained = topic.retain();
  const subscription = topic.status.subscribe(tell);
  return () => {
    subscription.unsubscribe();
    retained.unsubscribe();
    tell(idle);
  };
}

const idle: TopicStatus = { state: "idle" };
