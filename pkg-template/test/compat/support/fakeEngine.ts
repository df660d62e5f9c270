/** An engine without a network: the test is the server. */
import { Emitter } from "@socket.io/component-emitter";
import type { EventsMap } from "@socket.io/component-emitter";

type NoEvents = Record<string, never>;

export class FakeEngine extends Emitter<NoEvents, EventsMap, EventsMap> {
  /** All that were made, in order. */
  static made: FakeEngine[] = [];

  readonly uri: unknown;
  readonly opts: unknown;
  readyState: "opening" | "open" | "closed" = "opening";
  id: string | undefined;
  transport = { name: "websocket", writable: true };
  /** What was written, in order. */
  written: unknown[] = [];
  /** The options of what was written. */
  writeOptions: unknown[] = [];
  /** Whether the engine has noticed that the server is silent, though its timer has not. */
  hasPingExpired = false;

  constructor(uri: unknown, opts: unknown) {
    super();
    this.uri = uri;
    this.opts = opts;
    FakeEngine.made.push(this);
  }

  // What the client does.

  write(data: unknown, options?: unknown): this {
    if (this.readyState !== "open") return this;
    this.written.push(data);
    this.writeOptions.push(options);
    return this;
  }

  close(): this {
    if (this.readyState !== "closed") this.end("forced close");
    return this;
  }

  _hasPingExpired(): boolean {
    return this.hasPingExpired;
  }

  // What the server and the network do.

  open(): void {
    this.readyState = "open";
    this.id = "engine-id";
    this.emit("open");
  }

  receive(data: unknown): void {
    this.emit("data", data);
  }

  fail(error: Error = new Error("xhr poll error")): void {
    this.emit("error", error);
    this.end("transport error", error);
  }

  end(reason: string, description?: unknown): void {
    this.readyState = "closed";
    this.emit("close", reason, description);
  }

  /** Returns what was written since the last call. */
  takeWritten(): unknown[] {
    return this.written.splice(0);
  }
}
