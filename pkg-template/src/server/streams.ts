/** The streams of a namespace: numbered events, and what a client missed of them. */
import type { Report } from "./actions.js";
import { decode, encode, isRecord } from "./encoding.js";
import type { EventLog, Position } from "./eventLog.js";
import { joined } from "./names.js";
import type { ServerNamespace, ServerSocket, Target } from "./socketio.js";
import type { Awaitable } from "./store.js";
import { Turns } from "./turns.js";

/** Where a stream stands, as it is sent: `[stream, epoch, seq]`. */
export type WirePosition = [stream: string, epoch: string, seq: number];

/** What the streams of a namespace need. */
export interface StreamSettings {
  readonly namespace: ServerNamespace;
  readonly log: EventLog;
  /** Whether a socket may read a stream. */
  maySince(socket: ServerSocket, stream: string): Awaitable<boolean>;
  readonly report: Report;
}

/** The streams of one namespace. */
export class Streams {
  readonly #settings: StreamSettings;
  /** Keeps the events of a stream in the order of their numbers. */
  readonly #turns = new Turns();
  /** Those that every socket gets. */
  readonly #everybodys = new Set([everybodys]);

  constructor(settings: StreamSettings) {
    this.#settings = settings;
  }

  /** Makes known that every socket gets this stream. */
  announce(stream: string): void {
    this.#everybodys.add(stream);
  }

  /** Numbers an event, logs it, sends it. */
  async emit(
    target: Target,
    stream: string,
    event: string,
    args: readonly unknown[],
  ): Promise<Position> {
    return this.#turns.take([stream], async () => {
      const text = encode([event, ...args]);
      const position = await this.#settings.log.append(this.#logName(stream), text);
      target.emit(event, ...args, stampOf(stream, position));
      return position;
    });
  }

  /** Tells the socket where the room's stream stands, and lets it in. */
  async join(socket: ServerSocket, room: string): Promise<void> {
    const wasConnected = isConnected(socket);
    await this.#turns.take([room], async () => {
      const position = await this.#settings.log.position(this.#logName(room));
      // Nobody would take a socket out of the room that has gone meanwhile.
      if (wasConnected && !isConnected(socket)) return;
      socket.emit("sockeye:position", [room, position.epoch, position.seq]);
      await socket.join(room);
      await this.#catchUp(socket, room, position);
    });
  }

  /** Returns where the streams stand that every socket gets. */
  async positions(): Promise<WirePosition[]> {
    const streams = [...this.#everybodys];
    return Promise.all(
      streams.map(async (stream): Promise<WirePosition> => {
        const { epoch, seq } = await this.#settings.log.position(this.#logName(stream));
        return [stream, epoch, seq];
      }),
    );
  }

  /** Sends what came between the reading of these positions and the socket's connection. */
  async catchUp(socket: ServerSocket, positions: readonly WirePosition[]): Promise<void> {
    const each = positions.map(([stream, epoch, seq]) =>
      this.#turns.take([stream], () => this.#catchUp(socket, stream, { epoch, seq })),
    );
    await Promise.all(each);
  }

  /** Answers `sockeye:since`. */
  async since(socket: ServerSocket, request: unknown): Promise<{ streams: unknown[] }> {
    const budget = { events: mostEvents, bytes: mostBytes };
    const streams: unknown[] = [];
    for (const position of positionsOf(request)) {
      streams.push(await this.#sinceOne(socket, position, budget));
    }
    return { streams };
  }

  async #sinceOne(
    socket: ServerSocket,
    [stream, epoch, seq]: WirePosition,
    budget: Budget,
  ): Promise<object> {
    if (budget.events <= 0 || budget.bytes <= 0)
      return { stream, epoch, seq, events: [], more: true };
    const isAllowed = await this.#mayRead(socket, stream);
    const from = { epoch, seq };
    const found = isAllowed
      ? await this.#settings.log.since(this.#logName(stream), from, budget.events)
      : undefined;
    if (!found) return { stream, events: [], gap: true };
    if (found.gap) return { stream, ...found.position, events: [], gap: true };
    const events = fitting(found.events, budget);
    const position = { epoch, seq: seq + events.length };
    const more = found.more || events.length < found.events.length ? { more: true } : {};
    return { stream, ...position, events: stamped(stream, from, events), ...more };
  }

  async #mayRead(socket: ServerSocket, stream: string): Promise<boolean> {
    try {
      return await this.#settings.maySince(socket, stream);
    } catch (error) {
      this.#settings.report(error);
      return false;
    }
  }

  /** Other processes may have logged events before the socket could get them. */
  async #catchUp(socket: ServerSocket, stream: string, from: Position): Promise<void> {
    const missed = await this.#settings.log.since(this.#logName(stream), from, mostEvents);
    for (const event of stamped(stream, from, missed?.events ?? [])) socket.emit(...event);
  }

  #logName = (stream: string): string => joined(this.#settings.namespace.name, stream);
}

const isConnected = ({ connected }: ServerSocket): boolean => connected;

/** What one answer may still hold. */
interface Budget {
  events: number;
  bytes: number;
}

/** Returns the first events that fit, at least one; takes them from the budget. */
function fitting(events: readonly string[], budget: Budget): readonly string[] {
  let count = 0;
  for (const { length } of events) {
    if (budget.events <= 0 || budget.bytes <= 0) break;
    budget.events -= 1;
    budget.bytes -= length;
    count += 1;
  }
  return events.slice(0, count);
}

/** Returns logged events as they were sent; the first comes after `from`. */
function stamped(
  stream: string,
  from: Position,
  events: readonly string[],
): [string, ...unknown[]][] {
  return events.map((text, index) => {
    const [name, ...args] = decode(text) as [string, ...unknown[]];
    return [name, ...args, stampOf(stream, { epoch: from.epoch, seq: from.seq + index + 1 })];
  });
}

const stampOf = (stream: string, { epoch, seq }: Position): object => ({
  $sockeye: { id: `${stream}/${epoch}/${seq}`, stream, epoch, seq },
});

/** Returns what is asked for; what is malformed is left out. */
function positionsOf(request: unknown): WirePosition[] {
  const streams = isRecord(request) ? request["streams"] : undefined;
  return Array.isArray(streams) ? streams.slice(0, mostStreams).filter(isPosition) : [];
}

function isPosition(value: unknown): value is WirePosition {
  if (!Array.isArray(value)) return false;
  const [stream, epoch, seq] = value as unknown[];
  const isSeq = typeof seq === "number" && Number.isSafeInteger(seq) && seq >= 0;
  return typeof stream === "string" && typeof epoch === "string" && isSeq;
}

/** The stream of a namespace's own events. */
export const everybodys = "*";

/** Whether every socket of the namespace gets the stream: no room has such a name. */
export const isEverybodys = (stream: string): boolean => stream.startsWith(everybodys);

const mostStreams = 10_000;
const mostEvents = 1_000;
const mostBytes = 1_000_000;
