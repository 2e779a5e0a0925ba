import type { MemberRecord } from './channel.ts';
import { numberInThread } from './numbers.ts';

const NEVER = Number.POSITIVE_INFINITY;

type Times = { -readonly [Name in keyof Omit<MemberRecord, 'rooms'>]: MemberRecord[Name] };

/** When each user of one thread was a member of what. Only changed records are reported again. */
export class ThreadMembers {
  readonly #members = new Map<number, Times & { rooms: MemberRecord['rooms'][number][] }>();
  readonly #changed = new Set<number>();
  readonly #thread: number;

  constructor(thread: number) {
    this.#thread = thread;
  }

  /** Opens the record of a new user, and returns its client number, which no user of another thread has. */
  open(nowNs: number): number {
    const client = numberInThread(this.#members.size, this.#thread);
    this.#members.set(client, {
      client,
      askedNs: nowNs,
      connectedNs: NEVER,
      leftNs: NEVER,
      closedNs: NEVER,
      rooms: [],
    });
    return client;
  }

  connected(client: number, nowNs: number): void {
    this.#change(client, (member) => {
      member.connectedNs = nowNs;
    });
  }

  joined(client: number, room: string, askedNs: number, joinedNs: number): void {
    this.#change(client, ({ rooms }) => void rooms.push({ room, askedNs, joinedNs }));
  }

  left(client: number, nowNs: number): void {
    this.#change(client, (member) => {
      member.leftNs = Math.min(member.leftNs, nowNs);
    });
  }

  closed(client: number, nowNs: number): void {
    this.#change(client, (member) => {
      member.closedNs = Math.min(member.closedNs, nowNs);
    });
  }

  /** Ends the membership of users whose flow was cut off. */
  endAll(atNs: number): void {
    for (const client of this.#members.keys()) this.left(client, atNs);
  }

  #change(
    client: number,
    change: (member: Times & { rooms: MemberRecord['rooms'][number][] }) => void,
  ): void {
    const member = this.#members.get(client);
    if (member === undefined) return;
    change(member);
    this.#changed.add(client);
  }

  /** The records that changed since the last call. */
  take(): MemberRecord[] {
    const changed = [...this.#changed]
      .map((client) => this.#members.get(client))
      .filter((each) => each !== undefined);
    this.#changed.clear();
    return changed.map((member) => ({ ...member, rooms: [...member.rooms] }));
  }
}
