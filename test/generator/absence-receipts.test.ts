import { describe, expect, it } from 'vitest';
import { enterInAbsence } from '../../src/generator/absence-receipts.ts';
import { beginAbsence } from '../../src/measure/absence.ts';
import { Recorder } from '../../src/measure/recorder.ts';

const MS = 1e6;

/** What a message shows of an absence from 1 to 2 s, whose attempt that succeeded began at 1.9 s. */
function shownBy(dueMs: number, senderDelayMs: number | null) {
  const cut = { client: 1, disruption: 0, repetition: 0, reason: 'cut', fromNs: 1000 * MS };
  const absence = beginAbsence(cut);
  Object.assign(absence, { lastTriedNs: 1900 * MS, connectedNs: 1950 * MS, backNs: 2000 * MS });
  const times = { intendedNs: dueMs * MS, actualNs: dueMs * MS };
  const stamp = { key: 0, stream: 0, seq: 0, measured: true, ...times };
  const message = { stamp, number: 0, dueNs: dueMs * MS, receivedNs: 2050 * MS };
  const sendersDelaysNs = senderDelayMs === null ? [] : [senderDelayMs * MS];
  enterInAbsence(absence, message, 'first', { recorder: new Recorder(), sendersDelaysNs });
  const { replayed, early, receivingNs } = absence;
  return { replayed, early, isNew: receivingNs !== null };
}

describe('a message that arrives after an absence', () => {
  it.each([
    ['due before the attempt is replayed', 1899, null, { replayed: 1, early: 0, isNew: false }],
    ['due after the attempt began is early', 1900, null, { replayed: 0, early: 1, isNew: false }],
    ['due after the client was back is new', 2000, null, { replayed: 0, early: 0, isNew: true }],
    ['that may still have been on its way is early', 1750, 200, { replayed: 0, early: 1, isNew: false }],
    [
      'that had passed the link of its sender is replayed',
      1699,
      200,
      { replayed: 1, early: 0, isNew: false },
    ],
  ])('%s', (_, dueMs, senderDelayMs, shown) => {
    expect(shownBy(dueMs, senderDelayMs)).toEqual(shown);
  });
});
