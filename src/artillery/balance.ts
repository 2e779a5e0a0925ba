import type { Scope } from '../contract/protocol.ts';
import type { SeqRange } from '../measure/delivery-account.ts';
import type { MemberRecord, ReceivedPart, SentPart } from './channel.ts';

/** All measured messages of one sender to one audience, in order. */
export interface SentMessagesOf extends Pick<SentPart, 'stream' | 'sender' | 'operation' | 'scope' | 'room'> {
  readonly intendedNs: readonly number[];
  readonly actualNs: readonly number[];
}

/** What one user expected and got of one stream. */
export interface BalancedAccount extends Omit<ReceivedPart, 'ranges'> {
  readonly sender: number;
  readonly expected: number;
  readonly delivered: number;
  readonly lost: number;
}

/** A stream and what its messages came to, each by its number. */
export interface BalancedStream {
  readonly sent: SentMessagesOf;
  readonly accounts: readonly BalancedAccount[];
  readonly expectedOf: Int32Array;
  readonly deliveredOf: Int32Array;
  /** Messages that arrived at users that were no member. */
  readonly unexpected: number;
}

/** When a user was a member of an audience for certain, and when it may have been one. */
interface MembershipSpan {
  readonly client: number;
  readonly askedNs: number;
  readonly fromNs: number;
  readonly toNs: number;
  readonly closedNs: number;
}

const NEEDS_ROOM: Readonly<Record<Scope, boolean>> = {
  everyone: false,
  'everyone-but-me': false,
  room: true,
  'room-but-me': true,
};
const LEAVES_SENDER_OUT: Readonly<Record<Scope, boolean>> = {
  everyone: false,
  'everyone-but-me': true,
  room: false,
  'room-but-me': true,
};

function spansOf(
  { operation, scope, room, sender }: SentMessagesOf,
  members: readonly MemberRecord[],
): MembershipSpan[] {
  const everAgo = { askedNs: Number.NEGATIVE_INFINITY, fromNs: Number.NEGATIVE_INFINITY };
  const never = { toNs: Number.POSITIVE_INFINITY, closedNs: Number.POSITIVE_INFINITY };
  if (operation === 'request' || scope === null) return [{ client: sender, ...everAgo, ...never }];
  const others = members.filter(({ client }) => !(LEAVES_SENDER_OUT[scope] && client === sender));
  return others.flatMap(({ client, askedNs, connectedNs, leftNs, closedNs, rooms }) => {
    const end = { client, toNs: leftNs, closedNs };
    if (!NEEDS_ROOM[scope]) return [{ ...end, askedNs, fromNs: connectedNs }];
    const joined = rooms.find((each) => each.room === room);
    return joined === undefined ? [] : [{ ...end, askedNs: joined.askedNs, fromNs: joined.joinedNs }];
  });
}

/** The first place of an ascending list whose value is `least` or more. */
function placeOfTime(values: readonly number[], least: number): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((values[middle] ?? 0) < least) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How many numbers of `ranges` lie from `from` to `to`, which is excluded. */
function countWithin(ranges: readonly SeqRange[], from: number, to: number): number {
  return ranges.reduce(
    (sum, range) => sum + Math.max(0, Math.min(range.to + 1, to) - Math.max(range.from, from)),
    0,
  );
}

/**
 * Balances one stream. A user expects a message that was sent while it was a member: after its join was acknowledged, and
 * before its flow ended. A message that was sent while it joined, or after its flow ended, counts if it arrived, and is
 * not lost otherwise.
 */
export function balanceStream(
  sent: SentMessagesOf,
  members: readonly MemberRecord[],
  received: ReadonlyMap<number, ReceivedPart>,
): BalancedStream {
  const { actualNs } = sent;
  const [expected, delivered] = [new Steps(actualNs.length), new Steps(actualNs.length)];
  const accounts: BalancedAccount[] = [];
  const strangers = new Map(received);
  let unexpected = 0;
  for (const span of spansOf(sent, members)) {
    strangers.delete(span.client);
    const [from, to] = [placeOfTime(actualNs, span.fromNs), placeOfTime(actualNs, span.toNs)];
    const [mayFrom, mayTo] = [placeOfTime(actualNs, span.askedNs), placeOfTime(actualNs, span.closedNs)];
    const part = received.get(span.client) ?? nothingOf(span.client, sent.stream);
    const arrived = countWithin(part.ranges, mayFrom, mayTo);
    const lost = Math.max(0, to - from) - countWithin(part.ranges, from, Math.max(from, to));
    unexpected += countWithin(part.ranges, 0, actualNs.length) - arrived;
    expected.add(from, to);
    for (const range of part.ranges) {
      const [first, last] = [Math.max(range.from, mayFrom), Math.min(range.to + 1, mayTo)];
      delivered.add(first, last);
      expected.add(first, Math.min(last, from));
      expected.add(Math.max(first, Math.max(from, to)), last);
    }
    const { ranges: _ranges, ...counts } = part;
    accounts.push({ ...counts, sender: sent.sender, expected: arrived + lost, delivered: arrived, lost });
  }
  for (const { ranges } of strangers.values()) unexpected += countWithin(ranges, 0, Number.POSITIVE_INFINITY);
  return { sent, accounts, unexpected, expectedOf: expected.values(), deliveredOf: delivered.values() };
}

function nothingOf(receiver: number, stream: number): ReceivedPart {
  return { receiver, stream, ranges: [], late: 0, duplicated: 0, reordered: 0, corrupted: 0 };
}

/** Counts by message, from ranges of messages that each count one more. */
class Steps {
  readonly #changes: Int32Array;

  constructor(length: number) {
    this.#changes = new Int32Array(length + 1);
  }

  /** Counts one more for the messages from `from` to `to`, which is excluded. */
  add(from: number, to: number): void {
    if (from >= to) return;
    this.#changes[from] = (this.#changes[from] ?? 0) + 1;
    this.#changes[to] = (this.#changes[to] ?? 0) - 1;
  }

  values(): Int32Array {
    let sum = 0;
    return this.#changes.subarray(0, -1).map((change) => {
      sum += change;
      return sum;
    });
  }
}
