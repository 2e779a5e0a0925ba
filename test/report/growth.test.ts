import { expect, it } from 'vitest';
import { growthBlocks, growthFacts } from '../../src/report/content/growth.ts';
import type { TestedGrowth } from '../../src/result/stored-soak.ts';
import { makeResult } from './fixture.ts';

const HOUR_BYTES = 50 * 1024 ** 2;

function tested(of: TestedGrowth['of'], verdict: TestedGrowth['verdict']): TestedGrowth {
  return {
    ...{ of, verdict, reason: '', windows: 40, windowMs: 60_000, level: HOUR_BYTES },
    ...{
      perHour: HOUR_BYTES,
      lowerPerHour: HOUR_BYTES / 2,
      upperPerHour: HOUR_BYTES * 2,
      marginPerHour: 1024,
    },
  };
}

const result = {
  ...makeResult(),
  growth: [
    tested('server_rss', 'grows'),
    tested('latency_p50', 'cannot say'),
    tested('lost', 'does not grow'),
    tested('generator_rss', 'cannot say'),
  ],
};

it('the end of a run has what grows with its size, and in one line what does not', () => {
  expect(growthFacts(result)).toMatchInlineSnapshot(`
    [
      [
        "growth",
        "server RSS grows: 50 MiB/h (25 MiB to 100 MiB)",
      ],
      [
        "",
        "  146 B (73 B to 291 B) per message",
      ],
      [
        "",
        "does not grow: lost; cannot say: p50, generator RSS",
      ],
    ]
  `);
  expect(growthFacts({ ...result, growth: result.growth.slice(1, 2) })).toEqual([
    ['growth', 'cannot say: p50'],
  ]);
  expect(growthFacts({ ...result, growth: null })).toEqual([]);
});

it('the table has every quantity under its heading', () => {
  const [heading] = growthBlocks(result);
  expect(JSON.stringify(heading)).toContain('Growth');
  expect(JSON.stringify(growthBlocks(result))).not.toContain('TestedGrowth');
  expect(growthBlocks({ ...result, growth: null })).toEqual([]);
});
