/** The topics of a namespace that some page holds. */
import type { TopicState } from "../../continuityPort.js";
import type { ErrorData } from "../../errors.js";
import type { HubScope } from "./hub.js";
import type { Guest, NamespaceWishes, TopicWish } from "./wishes.js";

/** What the core has told of a topic last. */
type Told = [state: TopicState, error: ErrorData | undefined, args: readonly unknown[]];

export class SharedTopics {
  readonly #hub: HubScope;
  readonly #namespace: string;
  readonly #held = new Map<string, Told>();

  constructor(hub: HubScope, namespace: string) {
    this.#hub = hub;
    this.#namespace = namespace;
  }

  /** A page holds a topic from now on. */
  retain(guest: Guest, wishes: NamespaceWishes, topic: string, wish: TopicWish): void {
    const told = this.#held.get(topic);
    if (told) {
      if (told[0] !== "idle") guest.events.topic(wishes.socket, topic, ...told);
      return;
    }
    this.#held.set(topic, ["idle", undefined, []]);
    const { core, listening } = this.#hub;
    const confirm = listening.numberOf(wish.confirm);
    core.retainTopic(this.#socket, topic, wish.join, wish.leave, confirm);
  }

  /** The last page that held it has let go of it. */
  release(topic: string): void {
    if (!this.#held.has(topic) || this.#holders(topic).length > 0) return;
    this.#held.delete(topic);
    this.#hub.core.releaseTopic(this.#socket, topic);
  }

  handleTopic(topic: string, ...told: Told): void {
    if (this.#held.has(topic)) this.#held.set(topic, told);
    for (const [guest, { socket }] of this.#holders(topic))
      guest.events.topic(socket, topic, ...told);
  }

  get #socket(): number {
    return this.#hub.socketOf(this.#namespace);
  }

  #holders(topic: string): [Guest, NamespaceWishes][] {
    return this.#hub.having(this.#namespace).filter(([, { topics }]) => topics.has(topic));
  }
}
