import type { Scope } from '../src/contract/protocol.ts';

/** Who is there and in which rooms, for servers whose framework has no rooms. */
export class Rooms<Client> {
  readonly #everyone: ReadonlySet<Client>;
  readonly #rooms = new Map<string, Set<Client>>();

  /** `everyone` is kept by the server: all clients that are connected. */
  constructor(everyone: ReadonlySet<Client>) {
    this.#everyone = everyone;
  }

  join(client: Client, room: string): void {
    const members = this.#rooms.get(room);
    if (members === undefined) this.#rooms.set(room, new Set([client]));
    else members.add(client);
  }

  /** Takes a client out of all rooms. */
  leave(client: Client): void {
    for (const [room, members] of this.#rooms) {
      if (members.delete(client) && members.size === 0) this.#rooms.delete(room);
    }
  }

  /** Calls `send` once for each client for whom a message is. */
  eachOf(scope: Scope, sender: Client, room: string, send: (client: Client) => void): void {
    const toRoom = scope === 'room' || scope === 'room-but-me';
    const butMe = scope === 'everyone-but-me' || scope === 'room-but-me';
    for (const client of (toRoom ? this.#rooms.get(room) : this.#everyone) ?? []) {
      if (!(butMe && client === sender)) send(client);
    }
  }
}
