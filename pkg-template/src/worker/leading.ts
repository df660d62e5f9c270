/** Serves the pages of other tabs, as long as the page leads that the worker belongs to. */
import { Host } from "./host.js";
import { type Join, isJoin, leaderLeft, leadership, leads, soon } from "./leadership.js";
import type { MakeCore, StoringCore } from "./storingCore.js";

export class Leading {
  readonly #join: MakeCore<StoringCore>;
  /** By the names of their channels. */
  readonly #hosts = new Map<string, Host>();
  #rendezvous: BroadcastChannel | undefined;

  constructor(join: MakeCore<StoringCore>) {
    this.#join = join;
  }

  set(leads: boolean): void {
    if (!leads) this.#end();
    else if (!this.#rendezvous) this.#begin();
  }

  #begin(): void {
    const rendezvous = new BroadcastChannel(leadership);
    rendezvous.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (isJoin(data)) this.#admit(data);
    };
    rendezvous.postMessage(leads);
    this.#rendezvous = rendezvous;
  }

  /** Another page is to lead: those of other tabs go there. */
  #end(): void {
    this.#rendezvous?.close();
    this.#rendezvous = undefined;
    for (const host of [...this.#hosts.values()]) host.dismiss(leaderLeft);
  }

  /** A page asks again when it does not know whether it was heard. */
  #admit({ hello, channel }: Join): void {
    if (this.#hosts.has(channel)) {
      this.#rendezvous?.postMessage(soon);
      return;
    }
    const wire = new BroadcastChannel(channel);
    const handleEnded = () => {
      this.#hosts.delete(channel);
      wire.close();
    };
    const host = new Host(wire, hello, { isShared: true, isQuiet: true, handleEnded });
    this.#hosts.set(channel, host);
    void host.start(this.#join);
  }
}
