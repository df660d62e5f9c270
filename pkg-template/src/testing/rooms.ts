/** Who is in which room of a namespace. */

/** Whom something is for: everybody, if `rooms` is empty. */
export interface Audience {
  readonly rooms: ReadonlySet<string>;
  readonly except: ReadonlySet<string>;
}

export class Rooms {
  readonly #byRoom = new Map<string, Set<string>>();
  readonly #bySocket = new Map<string, Set<string>>();

  /** The rooms of a socket; a set of its own that stays as it is. */
  of(socket: string): Set<string> {
    return new Set(this.#bySocket.get(socket));
  }

  join(socket: string, rooms: Iterable<string>): void {
    for (const room of rooms) {
      setOf(this.#byRoom, room).add(socket);
      setOf(this.#bySocket, socket).add(room);
    }
  }

  leave(socket: string, room: string): void {
    this.#bySocket.get(socket)?.delete(room);
    const members = this.#byRoom.get(room);
    members?.delete(socket);
    if (members?.size === 0) this.#byRoom.delete(room);
  }

  leaveAll(socket: string): void {
    for (const room of this.of(socket)) this.leave(socket, room);
    this.#bySocket.delete(socket);
  }

  /** The ids of those whom something is for. */
  select({ rooms, except }: Audience): Set<string> {
    const members = new Set(rooms.size > 0 ? this.#membersOf(rooms) : this.#bySocket.keys());
    for (const socket of this.#membersOf(except)) members.delete(socket);
    return members;
  }

  *#membersOf(rooms: ReadonlySet<string>): Iterable<string> {
    for (const room of rooms) yield* this.#byRoom.get(room) ?? [];
  }
}

function setOf(sets: Map<string, Set<string>>, key: string): Set<string> {
  const set = sets.get(key) ?? new Set();
  sets.set(key, set);
  return set;
}
