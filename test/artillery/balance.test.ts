import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { balanceStream, type SentMessagesOf } from '../../src/artillery/balance.ts';
import type { MemberRecord, ReceivedPart } from '../../src/artillery/channel.ts';
import { DeliveryAccount } from '../../src/measure/delivery-account.ts';

const sentAt = (times: number[], scope: SentMessagesOf['scope'] = 'room'): SentMessagesOf => ({
  stream: 0,
  sender: 1,
  operation: 'publish',
  scope,
  room: scope === 'room' || scope === 'room-but-me' ? 'lobby' : null,
  intendedNs: times,
  actualNs: times,
});

const member = (client: number, times: Partial<MemberRecord> = {}): MemberRecord => ({
  client,
  askedNs: 0,
  connectedNs: 1,
  leftNs: 100,
  closedNs: 110,
  rooms: [{ room: 'lobby', askedNs: 2, joinedNs: 4 }],
  ...times,
});

const got = (receiver: number, ...seqs: number[]): [number, ReceivedPart] => {
  const account = new DeliveryAccount();
  for (const seq of seqs) account.receive(seq);
  const { arrived: ranges, late, duplicated, reordered, corrupted } = account;
  return [receiver, { receiver, stream: 0, ranges, late, duplicated, reordered, corrupted }];
};

describe('what a user expects', () => {
  it('begins when its join was acknowledged, and ends with its flow', () => {
    const { accounts } = balanceStream(sentAt([1, 3, 5, 99, 100, 120]), [member(2)], new Map([got(2, 3)]));
    expect(accounts).toMatchObject([{ receiver: 2, expected: 2, delivered: 1, lost: 1 }]);
  });

  it('includes what arrived of the time in which it joined or left', () => {
    const balanced = balanceStream(sentAt([3, 5, 105]), [member(2)], new Map([got(2, 0, 1, 2)]));
    expect(balanced.accounts).toMatchObject([{ expected: 3, delivered: 3, lost: 0 }]);
    expect([...balanced.expectedOf]).toEqual([1, 1, 1]);
    expect(balanced.unexpected).toBe(0);
  });

  it('leaves out what it cannot have been a member for', () => {
    const strangers = balanceStream(sentAt([50]), [member(2, { rooms: [] })], new Map([got(2, 0)]));
    expect(strangers).toMatchObject({ accounts: [], unexpected: 1 });
    const early = balanceStream(sentAt([1, 50]), [member(2)], new Map([got(2, 0, 1)]));
    expect(early).toMatchObject({ accounts: [{ expected: 1, delivered: 1 }], unexpected: 1 });
  });

  it.each([
    ['everyone', [1, 2]],
    ['everyone-but-me', [2]],
    ['room', [1, 2]],
    ['room-but-me', [2]],
  ] as const)('depends on the scope: %s', (scope, receivers) => {
    const { accounts } = balanceStream(sentAt([50], scope), [member(1), member(2)], new Map());
    expect(accounts.map(({ receiver }) => receiver)).toEqual(receivers);
    expect(accounts.every(({ expected, lost }) => expected === 1 && lost === 1)).toBe(true);
  });

  it('is the reply alone for a request', () => {
    const request: SentMessagesOf = { ...sentAt([1, 120], null), operation: 'request' };
    const { accounts } = balanceStream(request, [member(1), member(2)], new Map([got(1, 1)]));
    expect(accounts).toMatchObject([{ receiver: 1, expected: 2, delivered: 1, lost: 1 }]);
  });

  it('is the same by message and by user, and expected is delivered and lost', () => {
    const time = fc.integer({ min: 0, max: 60 });
    const user = fc.record({
      asked: time,
      joined: time,
      left: time,
      closed: time,
      seqs: fc.uniqueArray(fc.nat(19)),
    });
    fc.assert(
      fc.property(fc.array(user, { minLength: 1, maxLength: 4 }), (users) => {
        const sent = sentAt(Array.from({ length: 20 }, (_, seq) => seq * 3));
        const members = users.map(({ asked, joined, left, closed }, index) => {
          const rooms = [{ room: 'lobby', askedNs: Math.min(asked, joined), joinedNs: joined }];
          return member(index, {
            leftNs: Math.max(left, joined),
            closedNs: Math.max(left, joined, closed),
            rooms,
          });
        });
        const received = new Map(
          users.map(({ seqs }, index) => got(index, ...seqs.toSorted((a, b) => a - b))),
        );
        const { accounts, expectedOf, deliveredOf, unexpected } = balanceStream(sent, members, received);
        const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0);
        const expected = sum(accounts.map((account) => account.expected));
        const delivered = sum(accounts.map((account) => account.delivered));
        expect(sum(expectedOf)).toBe(expected);
        expect(sum(deliveredOf)).toBe(delivered);
        expect(expected).toBe(delivered + sum(accounts.map(({ lost }) => lost)));
        expect(delivered + unexpected).toBe(sum(users.map(({ seqs }) => seqs.length)));
        // One by one, as the sentence says.
        const one = members.map((each, index) =>
          sent.actualNs.filter((atNs, seq) => {
            const has = users[index]?.seqs.includes(seq) === true;
            const { askedNs = 0, joinedNs = 0 } = each.rooms[0] ?? {};
            const isMember = atNs >= joinedNs && atNs < each.leftNs;
            return isMember || (has && atNs >= askedNs && atNs < each.closedNs);
          }),
        );
        expect(expected).toBe(sum(one.map(({ length }) => length)));
      }),
    );
  });
});
