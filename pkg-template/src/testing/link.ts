/** A connection between a client's WebSocket and the server: two lanes, and its end. */
import type { Fault, Malformed, Order, Verdict } from "./faultRules.js";
import { describeFrame, type Direction, type Frame, type Passage, type Unit } from "./frames.js";
import { Lane } from "./lane.js";
import { malformedFrames } from "./malformed.js";
import { Decoder, encodePacket } from "./packets.js";

/** The client's end: a WebSocket. */
export interface ClientEnd {
  handleOpened(): void;
  handleMessage(frame: Frame): void;
  handleClosed(code: number): void;
}

/** The server's end. */
export interface ServerEnd {
  handleMessage(frame: Frame): void;
  handleClosed(reason: string): void;
  /** Sends one of its sockets away, as the application would; without a namespace all, and the connection ends. */
  disconnect(namespace?: string): void;
}

/** What a connection is told by, and tells. */
export interface LinkHost {
  judge(link: Link, direction: Direction, passage: Passage): Verdict | undefined;
  notePacket(link: Link, direction: Direction, passage: Passage, args: readonly unknown[]): void;
  /** The server's end is gone. */
  noteClosed(link: Link, reason: string): void;
  /** Both ends are gone. */
  noteOver(link: Link): void;
  restart(options: { loseMemory?: boolean | undefined }): void;
}

/** Close codes: without a status, lost, too big a message. */
const closed = { cleanly: 1005, lost: 1006, tooBig: 1009 };

export class Link {
  /** Counted from 1. */
  readonly number: number;
  readonly #client: ClientEnd;
  readonly #host: LinkHost;
  readonly #toServer: Lane;
  readonly #toClient: Lane;
  #server: ServerEnd | undefined;
  #isClientGone = false;
  #isServerGone = false;

  constructor(number: number, client: ClientEnd, host: LinkHost) {
    this.number = number;
    this.#client = client;
    this.#host = host;
    this.#toServer = this.#lane("clientToServer", (unit) => this.#reachServer(unit));
    this.#toClient = this.#lane("serverToClient", (unit) => this.#reachClient(unit));
  }

  /** Whether the server knows it as a connection. */
  get isServed(): boolean {
    return !this.#isServerGone;
  }

  /** Joins the two ends. */
  open(server: ServerEnd): void {
    this.#server = server;
    this.#client.handleOpened();
  }

  sendToServer(frame: Frame | Promise<Frame>): void {
    this.#toServer.send(frame);
  }

  sendToClient(frame: Frame): void {
    this.#toClient.send(frame);
  }

  closeByClient(): void {
    // Half closed, nobody is there who could answer.
    if (this.#toServer.isClosed) this.cut();
    else this.#toServer.end();
  }

  /** The server knows already. */
  closeByServer(reason: string): void {
    this.#loseServer(reason);
    this.#toClient.end();
  }

  /** Both ends see a connection that is lost; what is on its way is lost, too. */
  cut(reason = "transport close", code = closed.lost): void {
    this.#toServer.close();
    this.#toClient.close();
    this.#tellServer(reason);
    this.#tellClient(code);
  }

  /** A client that sends more than the server takes. */
  refuseSize(): void {
    this.cut("transport error", closed.tooBig);
  }

  stall(direction: Direction): void {
    this.#laneOf(direction).stall();
  }

  release(): void {
    this.#toServer.release();
    this.#toClient.release();
  }

  /** Ends it without any more faults; what the server has sent arrives. */
  async finish(): Promise<void> {
    this.#toServer.close();
    this.#toClient.finish();
    this.#tellServer("server shutting down");
    this.#toClient.end();
    for (let turn = 0; !this.#isClientGone && turn < mostTurns; turn += 1) await Promise.resolve();
    this.cut();
  }

  #laneOf(direction: Direction): Lane {
    return direction === "clientToServer" ? this.#toServer : this.#toClient;
  }

  #lane(direction: Direction, deliver: (unit: Unit) => void): Lane {
    return new Lane({
      judge: (unit) => {
        const [frame] = unit.frames;
        if (frame === undefined) return undefined; // the end of the connection
        return this.#host.judge(this, direction, describeFrame(frame));
      },
      deliver: (unit) => {
        this.#note(direction, unit);
        deliver(unit);
      },
      perform: (fault, unit) => this.#perform(fault, unit, direction, deliver),
    });
  }

  #perform(fault: Fault, unit: Unit, direction: Direction, deliver: (unit: Unit) => void): void {
    if (typeof fault !== "object") return;
    const deliverIf = ({ when }: Order) => when === "after" && deliver(unit);
    if ("cut" in fault) {
      deliverIf(fault.cut);
      this.cut();
    } else if ("halfClose" in fault) {
      deliverIf(fault.halfClose);
      this.#halfClose(direction);
    } else if ("disconnect" in fault) {
      deliverIf(fault.disconnect);
      this.#disconnect(unit, fault.disconnect.close);
    } else if ("malformed" in fault) this.#confuse(unit, fault.malformed, deliver);
    else if ("restart" in fault) this.#host.restart(fault.restart);
    else if ("connectError" in fault) this.#refuse(unit, fault.connectError);
  }

  #disconnect(unit: Unit, close = false): void {
    const { namespace = "/" } = describeFrame(unit.frames[0]);
    this.#server?.disconnect(close ? undefined : namespace);
  }

  /** Whichever direction a rule is about, the client gets it. */
  #confuse(unit: Unit, { name, when = "instead" }: Malformed, deliver: (unit: Unit) => void): void {
    if (when === "after") deliver(unit);
    const malformed = { frames: malformedFrames(name) };
    this.#note("serverToClient", malformed);
    this.#reachClient(malformed);
    if (when === "before") deliver(unit);
  }

  #refuse(unit: Unit, data: object): void {
    const { namespace = "/" } = describeFrame(unit.frames[0]);
    for (const frame of encodePacket({ type: "connect_error", namespace, data })) {
      this.#toClient.send(frame);
    }
  }

  #halfClose(direction: Direction): void {
    this.#laneOf(direction).close();
    if (direction === "clientToServer") this.#tellServer("transport close");
    else this.#tellClient(closed.lost);
  }

  #reachServer({ frames, isEnd }: Unit): void {
    for (const frame of frames) if (!this.#isServerGone) this.#server?.handleMessage(frame);
    if (!isEnd) return;
    this.#tellServer("transport close");
    this.#toClient.close();
    this.#tellClient(closed.cleanly);
  }

  #reachClient({ frames, isEnd }: Unit): void {
    for (const frame of frames) if (!this.#isClientGone) this.#client.handleMessage(frame);
    if (!isEnd) return;
    this.#toServer.close();
    this.#tellClient(closed.cleanly);
  }

  #note(direction: Direction, { frames }: Unit): void {
    if (frames.length === 0) return;
    const passage = describeFrame(frames[0]);
    this.#host.notePacket(this, direction, passage, argsOf(frames));
  }

  #tellServer(reason: string): void {
    if (this.#isServerGone) return;
    this.#loseServer(reason);
    this.#server?.handleClosed(reason);
  }

  #loseServer(reason: string): void {
    if (this.#isServerGone) return;
    this.#isServerGone = true;
    this.#host.noteClosed(this, reason);
    if (this.#isClientGone) this.#host.noteOver(this);
  }

  #tellClient(code: number): void {
    if (this.#isClientGone) return;
    this.#isClientGone = true;
    if (this.#isServerGone) this.#host.noteOver(this);
    this.#client.handleClosed(code);
  }
}

/** What is on its way arrives within these, unless something is read that takes its time. */
const mostTurns = 10_000;

/** The arguments of an event or an acknowledgement, for the log; none for what cannot be read. */
function argsOf(frames: Unit["frames"]): readonly unknown[] {
  const [text, ...attachments] = frames;
  if (typeof text !== "string" || !text.startsWith("4")) return [];
  try {
    const decoder = new Decoder();
    const packet = [text.slice(1), ...attachments]
      .map((frame) => decoder.add(frame))
      .find((found) => found !== undefined);
    if (packet?.type === "event") return ((packet.data ?? []) as unknown[]).slice(1);
    return packet?.data === undefined ? [] : [packet.data].flat();
  } catch {
    return [];
  }
}
