import { describe, expect, it } from 'vitest';
import { planFacts } from '../../src/report/content/run-facts.ts';
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
