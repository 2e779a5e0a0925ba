import { expect, it } from 'vitest';
import { type Absence, beginAbsence } from '../../../src/measure/absence.ts';
import { balanceAbsences } from '../../../src/run/absences/balance.ts';

const [CLIENT, STREAM] = [1, 0];
const MS = 1e6;

/** The client was away from 1,005 ms to 1,055 ms, unless given otherwise. */
function away(own: Partial<Absence> = {}): Absence {
  const cut = { client: CLIENT, disruption: 0, repetition: 0, reason: 'cut', fromNs: 1005 * MS };
  return { ...beginAbsence(cut), lastTriedNs: 1050 * MS, backNs: 1055 * MS, ...own };
}

interface Missing {
  readonly absences?: readonly Absence[];
  /** First and last number of messages that did not arrive, each pair both included. */
  readonly gaps?: readonly number[];
  /** The first number after all that arrived. */
  readonly next?: number;
  readonly hasLeft?: boolean;
  readonly unreadMs?: number;
}

/** 200 messages, every 10 ms: the numbers of those that did not arrive, as the balance counts them. */
function balance({ absences = [away()], gaps = [], next = 200, hasLeft = false, unreadMs = 0 }: Missing) {
  const dueNs = Float64Array.from({ length: 200 }, (_, number) => number * 10 * MS);
  const missing = [{ receiver: CLIENT, stream: STREAM, gaps: Float64Array.from(gaps), next }];
  const balanced = balanceAbsences({
    reports: [{ absences, missing, sentTimes: [{ stream: STREAM, dueNs }] }],
    copiesOf: () => 1,
    hasLeft: () => hasLeft,
    inFlightNs: () => (1000 + unreadMs) * MS,
  });
  return {
    missed: balanced.missed.of(CLIENT, STREAM),
    notExpected: balanced.notExpected.of(CLIENT, STREAM),
    ofAbsences: balanced.absences.map(({ missed, lost }) => [missed, lost]),
  };
}

it('messages due during an absence belong to it', () => {
  expect(balance({ gaps: [101, 105] })).toEqual({ missed: 5, notExpected: 0, ofAbsences: [[5, 0]] });
});

it('messages in flight at the cut belong to it, up to 1 s before', () => {
  // The last that arrived before the cut is number 97, due 35 ms before it.
  expect(balance({ gaps: [98, 105] })).toMatchObject({ missed: 8 });
  // Number 1 is due 995 ms before the cut, number 0 more than 1 s before.
  expect(balance({ gaps: [0, 105] })).toMatchObject({ missed: 105 });
});

it('messages that a client did not read before the server cut it belong to its absence', () => {
  const absences = [away({ fromNs: 1900 * MS, lastTriedNs: 1930 * MS, backNs: 1950 * MS })];
  expect(balance({ absences, gaps: [70, 194] })).toMatchObject({ missed: 195 - 90 });
  expect(balance({ absences, gaps: [70, 194], unreadMs: 300 })).toMatchObject({ missed: 195 - 70 });
});

it('a message before another one that arrived live was not in flight', () => {
  expect(balance({ gaps: [90, 90, 101, 105] })).toMatchObject({ missed: 5, ofAbsences: [[5, 0]] });
});

it('a message before one that was in flight and replayed was in flight', () => {
  // Number 97 arrived after the cut, so that 95 and 96 were in flight too.
  const replayed = away({ inFlight: new Map([[STREAM, 97]]) });
  expect(balance({ absences: [replayed], gaps: [95, 96] })).toMatchObject({ missed: 2 });
  expect(balance({ gaps: [95, 96] })).toMatchObject({ missed: 0 });
});

it('a message after the return belongs to no absence', () => {
  expect(balance({ gaps: [101, 110] })).toMatchObject({ missed: 5 });
});

it('a client that is not back misses all that follows', () => {
  expect(balance({ absences: [away({ backNs: null })], next: 101 })).toMatchObject({ missed: 99 });
});

it('of a session that the server restored, they are lost', () => {
  const restored = away({ recovered: true });
  expect(balance({ absences: [restored], gaps: [101, 105] })).toEqual({
    ...{ missed: 0, notExpected: 0, ofAbsences: [[0, 5]] },
  });
});

it('of a client that left, they are not expected', () => {
  expect(balance({ gaps: [98, 105], hasLeft: true })).toEqual({
    ...{ missed: 0, notExpected: 8, ofAbsences: [[0, 0]] },
  });
});

it('each belongs to one of two absences', () => {
  const second = away({ fromNs: 1505 * MS, backNs: 1525 * MS, repetition: 1 });
  const both = balance({ absences: [second, away()], gaps: [101, 105, 151, 152] });
  expect(both).toMatchObject({
    missed: 7,
    ofAbsences: [
      [5, 0],
      [2, 0],
    ],
  });
});
