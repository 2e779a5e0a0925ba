import { describe, expect, it } from 'vitest';
import { parseDisruptions, planDisruptions } from '../../src/plan/disruptions.ts';
import { recoveryFacts } from '../../src/report/content/recovery.ts';
import { planFacts } from '../../src/report/content/run-facts.ts';
import { disruptionOutcomes } from '../../src/result/disruption-outcomes.ts';
import { runResultSchema } from '../../src/result/run-result.ts';
import { makeResult } from './fixture.ts';

type Plan = ReturnType<typeof makeResult>['plan'];

/** What a report says of one field of a plan; undefined where it says nothing. */
function factOf(name: string, changes: Partial<Plan>): string | undefined {
  const made = makeResult({ seconds: 1 });
  const stored = runResultSchema.parse(
    JSON.parse(JSON.stringify({ ...made, plan: { ...made.plan, ...changes } })),
  );
  return planFacts(stored).find(([field]) => field === name)?.[1];
}

const PAYLOAD = {
  digest: null,
  path: null,
  fileCount: null,
  percentiles: [],
  minBytes: null,
  maxBytes: null,
  p50Bytes: 64,
  p99Bytes: 64,
  largestBytes: 64,
  deflatedShare: 0.754,
} as const;

describe('the facts of a plan', () => {
  it.each<[string, Plan['payload'], Partial<Plan>, string]>([
    ['an older version', null, { payloadBytes: 2048 }, '2 KiB text'],
    [
      'one size',
      { ...PAYLOAD, kind: 'size' },
      { verify: true },
      '64 B text, verified; JSON-like filling, deflates to 75 %',
    ],
    [
      'sizes by percentile',
      { ...PAYLOAD, kind: 'sizes', p50Bytes: 200, p99Bytes: 8192, largestBytes: 65_536 },
      { payloadType: 'binary' },
      'p50 200 B, p99 8 KiB binary; max 64 KiB; JSON-like filling, deflates to 75 %',
    ],
    [
      'files',
      { ...PAYLOAD, kind: 'files', path: './messages/', fileCount: 12, p99Bytes: 4096, largestBytes: 4096 },
      {},
      '12 files: p50 64 B, p99 4 KiB text; max 4 KiB; ./messages/, deflates to 75 %',
    ],
  ])('say what payloads were: of %s', (_, payload, changes, text) => {
    expect(factOf('payload', { ...changes, payload })).toBe(text);
  });

  it('name a preset, an own codec or an own parser, and a cool-down', () => {
    const { target } = makeResult({ seconds: 1 }).plan;
    expect(factOf('protocol', { target: { ...target, messageFormat: 'own parser' } })).toBe(
      'socketio, own parser',
    );
    expect(factOf('protocol', {})).toBe('socketio');
    expect(factOf('sender cool-down', { senderCooldownMs: 1500 })).toBe('1.5s');
    expect(factOf('sender cool-down', {})).toBeUndefined();
  });
});

it('sessions that no client asked for are no failure to restore', () => {
  const { plan, ...valid } = makeResult({ seconds: 1 });
  const disruptions = planDisruptions(parseDisruptions('reset at=1s, reset at=1s offset=off'), 10_000);
  const absence = {
    ...{ client: 1, disruption: 0, repetition: 0, reason: 'reset', attempts: 1, failure: null },
    ...{ recovered: true, fromMs: 1000, triedMs: 1900, connectedMs: 1950, backMs: 2000, receivingMs: null },
    ...{ firstReplayedMs: null, lastReplayedMs: null, replayed: 5, early: 0, missed: 0, lost: 0 },
    ...{ duplicated: 0, reordered: 0 },
  };
  const unasked = { ...absence, disruption: 1, recovered: false, replayed: 0, missed: 5 };
  const outcomes = disruptionOutcomes([absence, unasked], { disruptions });
  const result = { ...valid, plan: { ...plan, disruptions }, disruptions: outcomes, absenceCount: 2 };
  expect(recoveryFacts(result)[1]?.[1]).toBe(
    '5 replayed, 5 missed, 0 lost, 0 duplicates, 1 of 1 sessions restored, 1 new by offset=off',
  );
});
