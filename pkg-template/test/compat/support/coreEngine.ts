/** A core whose engine remembers what it is asked, and says what the test wants said. */
import type {
  Core,
  CoreEngine,
  CoreEngineEvents,
  CoreEngineOptions,
} from "../../../src/compat/enginePort.js";

export const handshake = {
  sid: "abc",
  upgrades: ["websocket"],
  pingInterval: 25_000,
  pingTimeout: 20_000,
  maxPayload: 1_000_000,
};

export class FakeCoreEngine implements CoreEngine {
  static made: FakeCoreEngine[] = [];
  readonly options: CoreEngineOptions;
  readonly events: CoreEngineEvents;
  /** What was sent. */
  readonly sent: unknown[] = [];
  /** What else was asked. */
  readonly calls: string[] = [];

  constructor(options: CoreEngineOptions, events: CoreEngineEvents) {
    this.options = options;
    this.events = events;
    FakeCoreEngine.made.push(this);
  }

  static latest(): FakeCoreEngine {
    const latest = FakeCoreEngine.made.at(-1);
    if (!latest) throw new Error("no engine was made");
    return latest;
  }

  reportTo(engine: CoreEngine) {
    if (engine !== this) throw new Error("it reports to itself");
    this.calls.push("reportTo");
  }
  open() {
    this.calls.push("open");
  }
  sendText(text: string) {
    this.#send(text);
  }
  sendBinary(data: ArrayBuffer | ArrayBufferView | Blob) {
    this.#send(data);
  }
  destroy() {
    this.calls.push("destroy");
  }
  free() {
    this.calls.push("free");
  }

  #send(data: unknown) {
    if (this.calls.includes("destroy")) throw new Error("sent after the end");
    this.sent.push(data);
  }
}

/** The core as `loadCore` returns it. */
export const fakeCore: Core = {
  Engine: FakeCoreEngine,
  Decoder: class {
    add(): undefined {}
    free() {}
  },
};
