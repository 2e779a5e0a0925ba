import { describe, expect, it } from 'vitest';
import { CAPACITY, COMPARISON, type DocumentKind, RUNS, TREND } from '../../../src/report/index.ts';
import { ShardMerge } from '../../../src/result/merge/shard-merge.ts';
import type { RunResult } from '../../../src/result/run-result.ts';
import { everyoneHears } from '../../result/merge/made-run.ts';
import { violationsOf } from '../../support/axe.ts';
import type { OpenPage } from '../../support/browser.ts';
import { madeShards } from '../../support/made-shards.ts';
import { makeCapacity } from '../capacity-fixture.ts';
import { comparisons, makeComparison } from '../comparison-fixture.ts';
import { makeResult, results } from '../fixture.ts';
import { makeTrend, runOfDay } from '../trend-fixture.ts';

const SCREENS = [
  { viewport: { width: 1400, height: 800 }, colorScheme: 'light' },
  { viewport: { width: 390, height: 800 }, colorScheme: 'dark' },
] as const;

function pageOf<Document>(kind: DocumentKind<Document>, document: Document): string {
  return kind.formats.find(({ name }) => name === 'html')?.render(document) ?? '';
}

const small = (options: Parameters<typeof makeResult>[0] = {}) =>
  makeResult({ seconds: 2, clients: 4, rateHz: 20, ...options });

/** A run about connections, without deliveries. */
function connections(scenario: string, series: string): RunResult {
  const made = small();
  const [connect] = Object.entries(made.series).flatMap(([name, each]) => (name === 'connect' ? [each] : []));
  if (connect === undefined) throw new Error('a run records connects');
  return {
    ...made,
    plan: { ...made.plan, scenario, profile: [{ durationMs: 2000, fromHz: 0, toHz: 0 }] },
    headline: series,
    series: { [series]: connect },
    intervals: [],
    samples: { unit: 'connection', count: 4, incomplete: 1 },
    rate: { intendedHz: 0, achievedHz: 0, intended: 0, sent: 0, unsent: [] },
    failed: [{ reason: 'refused', count: 2 }],
  };
}

/** Losses, caveats, thresholds and reasons of invalidity. */
function troubled(): RunResult {
  return {
    ...small({ lost: 3 }),
    status: 'partial',
    invalid: [{ code: 'send_lag', message: 'sends were late' }],
    findings: results.overloaded().findings,
    thresholds: results.thresholds().thresholds,
    disconnects: [{ atMs: 1000, count: 3 }],
  };
}

function mergedShards(): RunResult {
  const merge = new ShardMerge();
  for (const [index, shard] of madeShards(everyoneHears(6), 3).entries()) merge.add(`${index}.json`, shard);
  return merge.result();
}

const TREND_OF_EIGHT = [1, 1, 1, 1, 2, 2, 2, 2].map((medianMs, day) => runOfDay(day, medianMs));

const KINDS: ReadonlyArray<readonly [kind: string, html: () => string]> = [
  ['a run in trouble', () => pageOf(RUNS, [troubled()])],
  ['a run that recorded nothing', () => pageOf(RUNS, [results.empty()])],
  [
    'several scenarios, two of connections, and merged shards',
    () =>
      pageOf(RUNS, [
        small({ target: 'ws', protocol: 'ws' }),
        mergedShards(),
        connections('connect-storm', 'connect'),
        connections('idle-connections', 'handshake'),
      ]),
  ],
  [
    'several arms with excluded rounds',
    () =>
      pageOf(
        COMPARISON,
        makeComparison({ command: 'compare', arms: ['ws', 'bun-ws', 'nest'], rounds: 2, excluded: 1 }),
      ),
  ],
  ['an invalid gate', () => pageOf(COMPARISON, comparisons.unstarted())],
  ['a capacity search', () => pageOf(CAPACITY, makeCapacity({ steps: 2 }))],
  ['a trend', () => pageOf(TREND, makeTrend(TREND_OF_EIGHT))],
];

/** Every kind of page, with all folds open. */
export function testAccessibility(openPage: OpenPage): void {
  describe('axe finds nothing', () => {
    it.each(KINDS.map(([kind, html], index) => [kind, html, SCREENS[index % 2]] as const))(
      'on the page of %s',
      async (_, html, screen) => {
        const { page } = await openPage(html(), screen);
        expect(await violationsOf(page)).toEqual([]);
        await page.close();
      },
    );
  });
}
