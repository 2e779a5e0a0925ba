import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SockbenchError } from '../../src/errors.ts';
import type { Aggregate } from '../../src/result/aggregate.ts';
import { COUNT_NAMES, type CountName, FIGURE_NAMES, type FigureName } from '../../src/result/metrics.ts';
import { SERIES } from '../../src/result/view.ts';
import { judgeThreshold, parseThreshold } from '../../src/stats/thresholds.ts';
import { thrownBy } from '../thrown.ts';

const SERIES_NAMES = SERIES.map(({ name }) => name).join(', ');
const NAMES =
  'lost, missed, replayed, late, duplicated, reordered, corrupted, unexpected, failed, rejected, server_cpu_per_delivery, generator_cpu_per_delivery, server_cpu, server_loop_utilization, server_rss, rss_slope, server_memory_per_connection, generator_memory_per_connection, time_to_last_back, accepted, traffic_per_delivery, requests_per_delivery, empty_polls, dropped, sent, generator_utilization';

type Values = Readonly<Record<string, number | null>>;

/** Runs of which only counts and figures are known. */
function aggregateOf(values: Values): Aggregate {
  return {
    histogram: () => null,
    samples: () => 0,
    effectiveSamples: () => null,
    count: (name: CountName) => values[name] ?? 0,
    unknown: 0,
    expected: 100,
    sent: 100,
    endless: () => null,
    figure: (name: FigureName) => values[name] ?? null,
  };
}

const HEAD = { lost: 1, late: 2, duplicated: 3, server_rss: 100 };

function judge(expression: string): boolean | null {
  return judgeThreshold(parseThreshold(expression), aggregateOf(HEAD)).passed;
}

describe('units', () => {
  it.each([
    ['server_rss==100B', true],
    ['server_rss<0.0001MB', false],
    ['server_rss<=0.1kB', true],
    ['server_rss<1KiB and server_rss<1MiB', true],
    // Fractions of a byte are no whole bytes.
    ['server_rss<99.9B', false],
    ['lost<=1%', true],
    ['lost<1%', false],
    ['lost <= 0.5 * late', true],
    ['lost < late', true],
    ['late == 2 * lost', true],
    ['late==2 and lost==1 and duplicated==4', false],
  ])('makes "%s" %s', (expression, expected) => {
    expect(judge(expression)).toBe(expected);
  });
});

/** A clause and what it is by a model of its own: null is unknown. */
interface Case {
  readonly text: string;
  readonly truth: (values: Values) => boolean | null;
}

const GAP = fc.constantFrom('', ' ', '  ', '\t', '\n ');
/** Metrics and limits of each unit; all values are small multiples of a quarter, which multiply exactly. */
const UNITS = [
  { metrics: ['server_rss', 'traffic_per_delivery'], limit: (n: number) => [`${n}B`, n] as const },
  { metrics: ['server_cpu_per_delivery'], limit: (n: number) => [`${n / 1000}us`, n] as const },
  { metrics: ['requests_per_delivery'], limit: (n: number) => [`${n / 4}`, n / 4] as const },
  { metrics: ['server_cpu', 'empty_polls'], limit: (n: number) => [`${n * 25}%`, n / 4] as const },
  { metrics: ['lost', 'late', 'failed'], limit: (n: number) => [`${n}`, n] as const },
  { metrics: ['sent'], limit: (n: number) => [`${n}/s`, n] as const },
];
const ALL_METRICS = UNITS.flatMap(({ metrics }) => metrics);

const COMPARE = {
  '<': (a: number, b: number) => a < b,
  '<=': (a: number, b: number) => a <= b,
  '==': (a: number, b: number) => a === b,
  '>=': (a: number, b: number) => a >= b,
  '>': (a: number, b: number) => a > b,
} as const;
const OPERATORS = Object.keys(COMPARE) as (keyof typeof COMPARE)[];

const clause: fc.Arbitrary<Case> = fc.constantFrom(...UNITS).chain(({ metrics, limit }) => {
  const metric = fc
    .tuple(fc.constantFrom('', 'base.'), fc.constantFrom(...metrics))
    .map(([arm, name]) => `${arm}${name}`);
  const value = fc.nat(8).map((n) => {
    const [text, amount] = limit(n);
    return { text, of: () => amount };
  });
  const multiple = fc.tuple(fc.nat(3), metric, GAP).map(([factor, name, gap]) => ({
    text: `${factor}${gap}*${gap}${name}`,
    of: (values: Values) => {
      const known = values[name] ?? null;
      return known === null ? null : factor * known;
    },
  }));
  const alone = metric.map((name) => ({ text: name, of: (values: Values) => values[name] ?? null }));
  return fc
    .tuple(metric, fc.constantFrom(...OPERATORS), fc.oneof(value, multiple, alone), GAP)
    .map(([left, operator, right, gap]) => ({
      text: `${left}${gap}${operator}${gap}${right.text}`,
      truth: (values) => {
        const [a, b] = [values[left] ?? null, right.of(values)];
        return a === null || b === null ? null : COMPARE[operator](a, b);
      },
    }));
});

const condition = fc.tuple(fc.array(clause, { minLength: 1, maxLength: 4 }), GAP).map(
  ([clauses, gap]): Case => ({
    text: `${gap}${clauses.map(({ text }) => text).join(` ${gap}and ${gap}`)}${gap}`,
    truth: (values) => {
      const each = clauses.map(({ truth }) => truth(values));
      if (each.includes(false)) return false;
      return each.includes(null) ? null : true;
    },
  }),
);

/** Values of every metric of both arms; figures may be unknown. */
const values = fc.record(
  Object.fromEntries(
    ALL_METRICS.flatMap((name) => {
      const isCount = ['lost', 'late', 'failed'].includes(name);
      const known = fc.nat(12).map((n) => (isCount ? n : n / 4));
      const value: fc.Arbitrary<number | null> = isCount ? known : fc.option(known, { freq: 4 });
      return [
        [name, value],
        [`base.${name}`, value],
      ];
    }),
  ),
);

function armOf(all: Values, prefix: string): Values {
  return Object.fromEntries(ALL_METRICS.map((name) => [name, all[`${prefix}${name}`] ?? null]));
}

describe('a condition of the grammar', () => {
  it('is judged clause by clause, and a clause of unknown values fails nothing', () => {
    fc.assert(
      fc.property(condition, values, ({ text, truth }, all) => {
        const threshold = parseThreshold(text, {}, { hasBase: true });
        const [head, base] = [aggregateOf(armOf(all, '')), aggregateOf(armOf(all, 'base.'))];
        const { passed, expression } = judgeThreshold(threshold, head, base);
        expect([expression, passed]).toEqual([text, truth(all)]);
      }),
      { numRuns: 500 },
    );
  });
});

describe('anything else that is written', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      'and',
      'or',
      'not',
      '(',
      ')',
      '+',
      '-',
      '*',
      '<',
      '==',
      '>=',
      'lost',
      'base.lost',
      'base',
    ),
    fc.constantFrom(
      'delivery.p99',
      'delivery',
      'server_rss',
      '5',
      '0.5',
      '5ms',
      '3%',
      '64MiB',
      '9/s',
      '/',
      '.',
      ' ',
    ),
    fc.string({ maxLength: 4 }),
  );

  it('is read, or an error with a column that lies in it', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(' ')),
        ),
        fc.boolean(),
        (text, hasBase) => {
          try {
            parseThreshold(text, {}, { hasBase });
          } catch (error) {
            if (!(error instanceof SockbenchError)) throw error;
            const start = `--threshold "${text}", column `;
            expect(error).toMatchObject({ code: 'BAD_THRESHOLD', message: expect.stringContaining(start) });
            const column = Number.parseInt(error.message.slice(start.length), 10);
            expect(column).toBeGreaterThanOrEqual(1);
            expect(column).toBeLessThanOrEqual(text.length + 1);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('may be long', () => {
    const long = Array.from({ length: 5000 }, () => 'lost < 2 * late').join(' and ');
    expect(judge(long)).toBe(true);
  });
});

const LIKE = 'Write it like delivery.p99<50ms or lost==0.';
const COMPARE_WITH = 'Compare with one of <, <=, >, >=, ==, like delivery.p99<50ms or lost==0.';
const JOIN = 'Join conditions with and.';
const NO_ALTERNATIVES =
  'There are no alternatives: give the flag once for each condition; all of them must hold.';
const NO_PARENTHESES =
  'There are no parentheses: give the flag once for each condition; all of them must hold.';
const OPPOSITE = 'Use the opposite operator, such as >= instead of <.';
const NO_SUMS =
  'There are no sums: compare with a value or with FACTOR * METRIC, like server_rss < 1.2 * base.server_rss.';
const DURATION = 'write a number with one of the units ns, us, ms, s, m, h';

describe('an error names the place, what is wrong there, and what to write', () => {
  it.each([
    // Something is missing, or left over
    ['', 1, 'a metric is missing at the end', LIKE],
    ['  ', 3, 'a metric is missing at the end', LIKE],
    ['delivery.p99<', 14, 'a value or a metric is missing at the end', LIKE],
    ['lost==0 and', 12, 'a metric is missing at the end', LIKE],
    ['<50ms', 1, 'a metric is missing before "<"', LIKE],
    ['50ms > ack.p99', 1, 'a metric is missing before "50ms"', LIKE],
    ['1<2', 1, 'a metric is missing before "1"', LIKE],
    ['delivery.p99', 13, 'an operator is missing at the end', COMPARE_WITH],
    ['lost==0 and 5 * late', 13, 'a metric is missing before "5"', LIKE],
    ['lost<1<2', 7, 'and is missing before "<"', JOIN],
    ['ack.p99<5ms 0ms', 13, 'and is missing before "0ms"', JOIN],
    ['lost==0 AND late==0', 9, 'and is missing before "AND"', JOIN],
    ['lost==0 🙂', 9, 'and is missing before "🙂"', JOIN],
    // What other languages have
    ['lost==0 or late==0', 9, '"or" is not supported', NO_ALTERNATIVES],
    ['lost==0 OR late==0', 9, '"OR" is not supported', NO_ALTERNATIVES],
    ['lost==0 || late==0', 9, '"|" is not supported', NO_ALTERNATIVES],
    ['(lost==0)', 1, '"(" is not supported', NO_PARENTHESES],
    ['lost==0)', 8, '")" is not supported', NO_PARENTHESES],
    ['not lost==0', 1, '"not" is not supported', OPPOSITE],
    ['!lost==0', 1, '"!" is not supported', OPPOSITE],
    ['lost!=0', 5, '"!=" is not supported', 'Use < or >.'],
    ['lost + late == 0', 6, '"+" is not supported', NO_SUMS],
    ['server_rss - base.server_rss < 5MiB', 12, '"-" is not supported', NO_SUMS],
    ['lost==-1', 7, '"-" is not supported', NO_SUMS],
    ['delivery.p99=50ms', 13, '"=" is not supported', 'Write ==.'],
    ['lost==0 && late==0', 9, '"&" is not supported', 'Write and.'],
    [
      'delivery.p99/delivery.p50<3',
      13,
      '"/" is not supported',
      'Multiply the other side instead: delivery.p99 < 3 * delivery.p50.',
    ],
    // Names
    ['Lost==0', 1, `"Lost" is not one of ${NAMES}, nor a series with a statistic`, 'Did you mean lost?'],
    [
      'server_rs<1MiB',
      1,
      `"server_rs" is not one of ${NAMES}, nor a series with a statistic`,
      'Did you mean server_rss?',
    ],
    [
      'lost==0 and x==1',
      13,
      `"x" is not one of ${NAMES}, nor a series with a statistic`,
      'Use one of them, or write it like delivery.p99.',
    ],
    [
      'delivry<5ms',
      1,
      `"delivry" is not one of ${NAMES}, nor a series with a statistic`,
      'Did you mean delivery.p99?',
    ],
    ['delivery<5ms', 1, '"delivery" is a whole series', 'Name a statistic, like delivery.p99.'],
    ['delivry.p99<5ms', 1, `"delivry" is not one of ${SERIES_NAMES}`, 'Did you mean delivery?'],
    ['lost.p99<5ms', 1, `"lost" is not one of ${SERIES_NAMES}`, 'Use one of them.'],
    ['ack.p50 < ack.median', 11, '"median" is not p0 to p99.999, min, max or mean', 'Write it like ack.p99.'],
    ['ack.p100<5ms', 1, '"p100" is not p0 to p99.999, min, max or mean', 'Write it like ack.p99.'],
    ['ack.p<5ms', 1, '"p" is not p0 to p99.999, min, max or mean', 'Write it like ack.p99.'],
    ['ack.p9.9.9<5ms', 1, '"p9.9.9" is not p0 to p99.999, min, max or mean', 'Write it like ack.p99.'],
    [
      'lost==0 and base.lost==0',
      13,
      '"base.lost" needs a base, which only gate and compare have',
      'Compare with a value, or use sockbench gate or compare.',
    ],
    // Values
    ['ack.p99<50', 9, `ack.p99: "50" has no unit; ${DURATION}`, 'Write it like 50ms.'],
    ['ack.p99<5%', 9, `ack.p99: "5%" is not a duration; ${DURATION}`, 'Write it like 50ms.'],
    ['ack.p99<5msec', 9, `ack.p99: "5msec" is not a duration; ${DURATION}`, 'Write it like 50ms.'],
    ['ack.p99<5MS', 9, `ack.p99: "5MS" is not a duration; ${DURATION}`, 'Did you mean 5ms?'],
    ['delivery.p99<3 delivery.p50', 14, `delivery.p99: "3" has no unit; ${DURATION}`, 'Write it like 50ms.'],
    [
      'server_rss<512',
      12,
      'server_rss: "512" has no unit; write a number with one of the units B, kB, MB, KiB, MiB',
      'Write it like 64MiB.',
    ],
    [
      'sent>=99',
      7,
      'sent: "99" has no unit; write a number with one of the units /s, /m, /h',
      'Write it like 100/s.',
    ],
    ['server_cpu<80', 12, 'server_cpu: "80" is not a percentage; write a number with %', 'Write it like 5%.'],
    [
      'server_cpu_per_delivery<20%',
      25,
      `server_cpu_per_delivery: "20%" is not a duration; ${DURATION}`,
      'Write it like 50ms.',
    ],
    [
      'requests_per_delivery<2%',
      23,
      'requests_per_delivery: "2%" is not a plain number; write a number without a unit',
      'Write it like 1.5.',
    ],
    [
      'lost<5ms',
      6,
      'lost: "5ms" is not a count; write a whole number, or a number with %',
      'Write it like 0 or 0.1%.',
    ],
    [
      'lost==0.5',
      7,
      'lost: "0.5" is not a count; write a whole number, or a number with %',
      'Write it like 0 or 0.1%.',
    ],
    // Factors
    [
      'lost < requests_per_delivery',
      8,
      'requests_per_delivery is a plain number, and lost is a count',
      'Compare metrics of one unit.',
    ],
    [
      'ack.p99 < 2 * server_rss',
      15,
      'server_rss is a size, and ack.p99 is a duration',
      'Compare metrics of one unit.',
    ],
    [
      'ack.p99 < 110% * ack.p50',
      11,
      '"110%" is not a factor: a factor has no unit',
      'Write it like 1.2 * base.delivery.p50.',
    ],
    ['ack.p99 < ack.p50 * 2', 19, 'and is missing before "*"', JOIN],
    ['ack.p99 < 2 * 3ms', 15, 'a value or a metric is missing before "3ms"', LIKE],
  ])('"%s" at column %i: %s', (expression, column, problem, hint) => {
    expect(thrownBy(() => parseThreshold(expression))).toMatchObject({
      code: 'BAD_THRESHOLD',
      message: `--threshold "${expression}", column ${column}: ${problem}`,
      hint,
      exitCode: 2,
    });
  });

  it('asks which metric of the base is meant', () => {
    expect(thrownBy(() => parseThreshold('lost < base', {}, { hasBase: true }))).toMatchObject({
      message: '--threshold "lost < base", column 8: "base" is not a metric',
      hint: 'Write it like base.delivery.p50.',
    });
  });
});

describe('the page on thresholds', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/thresholds.md'), 'utf8');
  const examples = [...page.matchAll(/^\| `([^`]*[<>=][^`]*)` \|/gm)].map(
    ([, expression = '']) => expression,
  );

  it('has examples, each of which is a threshold', () => {
    expect(examples.length).toBeGreaterThan(10);
    for (const expression of examples) {
      expect(
        parseThreshold(expression, { 'delivery{mobile}': 'of a population' }, { hasBase: true }),
      ).toMatchObject({ expression });
    }
  });

  it.each([...COUNT_NAMES, ...FIGURE_NAMES])('describes %s', (name) => {
    expect(page).toMatch(new RegExp(`^\\|.*\`${name}\`.* \\|`, 'm'));
  });
});
