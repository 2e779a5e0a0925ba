import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SockbenchError } from '../../src/errors.ts';
import { type Aggregate, COUNTS, type CountName } from '../../src/result/aggregate.ts';
import { FIGURE_NAMES, type FigureName } from '../../src/result/metrics.ts';
import { SERIES } from '../../src/result/view.ts';
import { judgeThreshold, parseThreshold } from '../../src/stats/thresholds.ts';
import { thrownBy } from '../thrown.ts';

const SERIES_NAMES = SERIES.map(({ name }) => name).join(', ');
const NAMES =
  'lost, late, duplicated, reordered, unexpected, failed, server_cpu_per_delivery, server_cpu, server_loop_utilization, server_rss, traffic_per_delivery, requests_per_delivery, empty_polls, sent, generator_utilization';

type Values = Readonly<Record<string, number | null>>;

/** Runs of which only counts and figures are known. */
function poolWith(values: Values): Aggregate {
  return {
    histogram: () => null,
    samples: () => 0,
    count: (name: CountName) => values[name] ?? 0,
    expected: 100,
    sent: 100,
    figure: (name: FigureName) => values[name] ?? null,
  };
}

const HEAD = { lost: 1, late: 2, duplicated: 3, server_rss: 100 };

function judge(expression: string): boolean | null {
  return judgeThreshold(parseThreshold(expression), poolWith(HEAD)).passed;
}

describe('precedence', () => {
  it.each([
    // `and` before `or`
    ['lost==1 or lost==1 and lost==0', true],
    ['(lost==1 or lost==1) and lost==0', false],
    ['lost==0 and lost==1 or lost==1', true],
    ['lost==0 and (lost==1 or lost==1)', false],
    // `not` before `and`
    ['not lost==0 and lost==0', false],
    ['not (lost==0 and lost==0)', true],
    ['not not lost==1', true],
    // arithmetic before comparing, `*` before `+` and `-`, from left to right
    ['lost + 2 * late == 5', true],
    ['late * 2 + lost == 5', true],
    ['2 * (lost + late) == 6', true],
    ['duplicated - late - lost == 0', true],
    ['duplicated - (late - lost) == 2', true],
    ['2 * 3 * lost == 6', true],
    ['((lost)) == (1)', true],
    ['5 - 2 * late == lost', true],
  ])('makes "%s" %s', (expression, expected) => {
    expect(judge(expression)).toBe(expected);
  });
});

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
    ['lost + late == 3%', true],
    ['late - lost < 0.5%', false],
    ['lost <= 0.5 * late', true],
  ])('makes "%s" %s', (expression, expected) => {
    expect(judge(expression)).toBe(expected);
  });
});

/** A condition and what it is by a model of its own; 0 false, 1 true, 0.5 unknown. */
interface Case {
  readonly text: string;
  /** Binding, from `or` 1 to an atom 4. */
  readonly level: number;
  readonly truth: (values: Values) => number;
}

/** A sum, likewise; levels: sum 1, product 2, atom 3. */
interface Amount {
  readonly text: string;
  readonly level: number;
  readonly value: (values: Values) => number | null;
}

const GAP = fc.constantFrom('', ' ', '  ', '\t', '\n ');
/** Metrics and limits of each unit; all values are small multiples of a quarter, which add up exactly. */
const UNITS = [
  { metrics: ['server_rss', 'traffic_per_delivery'], limit: (n: number) => [`${n}B`, n] as const },
  { metrics: ['server_cpu_per_delivery'], limit: (n: number) => [`${n / 1000}us`, n] as const },
  { metrics: ['requests_per_delivery'], limit: (n: number) => [`${n / 4}`, n / 4] as const },
  { metrics: ['server_cpu', 'empty_polls'], limit: (n: number) => [`${n * 25}%`, n / 4] as const },
  { metrics: ['lost', 'late', 'failed'], limit: (n: number) => [`${n}`, n] as const },
  { metrics: ['sent'], limit: (n: number) => [`${n}/s`, n] as const },
];
const ALL_METRICS = UNITS.flatMap(({ metrics }) => metrics);

function wrapped(
  part: { readonly text: string; readonly level: number },
  least: number,
  gap: string,
): string {
  return part.level < least ? `(${gap}${part.text}${gap})` : part.text;
}

function amountsOf({ metrics, limit }: (typeof UNITS)[number]) {
  return fc.letrec<{ any: Amount; metric: Amount; limit: Amount; sum: Amount; product: Amount }>((tie) => ({
    any: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      tie('metric'),
      tie('limit'),
      tie('sum'),
      tie('product'),
    ),
    metric: fc.tuple(fc.constantFrom('', 'base.'), fc.constantFrom(...metrics)).map(([arm, name]) => ({
      text: `${arm}${name}`,
      level: 3,
      value: (values) => values[`${arm}${name}`] ?? null,
    })),
    limit: fc.nat(8).map((n) => {
      const [text, value] = limit(n);
      return { text, level: 3, value: () => value };
    }),
    sum: fc.tuple(tie('any'), fc.constantFrom('+', '-'), tie('any'), GAP).map(([a, sign, b, gap]) => ({
      text: `${wrapped(a, 1, gap)}${gap}${sign}${gap}${wrapped(b, 2, gap)}`,
      level: 1,
      value: (values) => {
        const [x, y] = [a.value(values), b.value(values)];
        if (x === null || y === null) return null;
        return sign === '+' ? x + y : x - y;
      },
    })),
    product: fc.tuple(fc.nat(3), tie('any'), fc.boolean(), GAP).map(([factor, of, isFirst, gap]) => {
      const inner = wrapped(of, 3, gap);
      return {
        text: isFirst ? `${factor}${gap}*${gap}${inner}` : `${inner}${gap}*${gap}${factor}`,
        level: 2,
        value: (values) => {
          const x = of.value(values);
          return x === null ? null : factor * x;
        },
      };
    }),
  }));
}

const comparison: fc.Arbitrary<Case> = fc.constantFrom(...UNITS).chain((unit) => {
  const { any, metric } = amountsOf(unit);
  return fc
    .tuple(metric, any, fc.constantFrom('<', '<=', '==', '>=', '>'), fc.boolean(), GAP)
    .map(([a, b, operator, isFirst, gap]) => {
      const [left, right] = isFirst ? [a, b] : [b, a];
      return {
        text: `${left.text}${gap}${operator}${gap}${right.text}`,
        level: 4,
        truth: (values) => {
          const [x, y] = [left.value(values), right.value(values)];
          if (x === null || y === null) return 0.5;
          const sign = Math.sign(x - y);
          return { '<': sign < 0, '<=': sign <= 0, '==': sign === 0, '>=': sign >= 0, '>': sign > 0 }[
            operator
          ]
            ? 1
            : 0;
        },
      };
    });
});

const { condition } = fc.letrec<{ condition: Case; joined: Case; not: Case; comparison: Case }>((tie) => ({
  condition: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    tie('comparison'),
    tie('joined'),
    tie('not'),
  ),
  comparison,
  joined: fc
    .tuple(fc.constantFrom('and', 'or'), fc.array(tie('condition'), { minLength: 2, maxLength: 3 }), GAP)
    .map(([word, of, gap]) => {
      const level = word === 'and' ? 2 : 1;
      return {
        text: of.map((part) => wrapped(part, level, gap)).join(` ${gap}${word} ${gap}`),
        level,
        truth: (values) => Math[word === 'and' ? 'min' : 'max'](...of.map(({ truth }) => truth(values))),
      };
    }),
  not: fc.tuple(tie('condition'), GAP).map(([of, gap]) => ({
    text: `not ${gap}${wrapped(of, 3, gap)}`,
    level: 3,
    truth: (values) => 1 - of.truth(values),
  })),
}));

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

describe('whatever is written by the grammar', () => {
  it('is read as it was meant, and judged by logic of three values', () => {
    fc.assert(
      fc.property(condition, values, ({ text, truth }, all) => {
        const threshold = parseThreshold(text, {}, { hasBase: true });
        const { passed, expression } = judgeThreshold(
          threshold,
          poolWith(armOf(all, '')),
          poolWith(armOf(all, 'base.')),
        );
        expect(expression).toBe(text);
        expect([text, passed]).toEqual([text, [false, null, true][2 * truth(all)]]);
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});

describe('whatever else is written', () => {
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

  it('is read or refused, with a column that lies in it, and nothing else is thrown', () => {
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
      { seed: 1, numRuns: 2000 },
    );
  });

  it('is refused when it is nested so deep that reading it would end the stack', () => {
    const deep = `${'('.repeat(20_000)}lost==0${')'.repeat(20_000)}`;
    expect(thrownBy(() => parseThreshold(deep)).message).toMatch(/column 52: nested more than 50 deep$/);
    expect(thrownBy(() => parseThreshold(`${'not '.repeat(20_000)}lost==0`)).message).toMatch(/50 deep$/);
  });

  it('may be long', () => {
    const long = Array.from({ length: 5000 }, () => 'lost - lost + 1 < 2').join(' and ');
    expect(judge(long)).toBe(true);
  });
});

const MISSING = 'Write it like delivery.p99<50ms or lost==0.';
const COMPARE = 'Compare it with one of <=, >=, ==, <, >, like delivery.p99<50ms or lost==0.';
const JOIN = 'Join conditions with and or or: lost==0 and delivery.p99<50ms.';
const BETWEEN = 'Put one of <=, >=, ==, <, >, +, -, *, and, or between them.';
const DURATION = 'takes a duration, a number and one of the units ns, us, ms, s, m, h';
const ALL_UNITS = '%, ns, us, ms, s, m, h, B, kB, MB, KiB, MiB, /s, /m, /h';

describe('a refusal names the place, what is allowed there, and what is near', () => {
  it.each([
    // What is missing, or too much
    ['', 1, 'a metric or a number is missing at the end', MISSING],
    ['  ', 3, 'a metric or a number is missing at the end', MISSING],
    ['delivery.p99<', 14, 'a metric or a number is missing at the end', MISSING],
    ['lost==0 and', 12, 'a metric or a number is missing at the end', MISSING],
    ['<50ms', 1, '"<" stands where a metric or a number should be', MISSING],
    ['lost==-1', 7, '"-" stands where a metric or a number should be', MISSING],
    ['lost== not late==0', 8, '"not" stands where a metric or a number should be', MISSING],
    ['delivery.p99', 1, '"delivery.p99" is compared with nothing', COMPARE],
    ['not lost', 5, '"lost" is compared with nothing', COMPARE],
    ['lost==0 and 5 * late', 13, '"5 * late" is compared with nothing', COMPARE],
    ['(lost==0', 9, 'the parenthesis of column 1 is not closed', JOIN],
    ['lost==0)', 8, '")" is not expected here', JOIN],
    ['1<lost<2', 7, '"<" is not expected here', JOIN],
    ['(lost==0)<5', 1, '"(lost==0)" is true or false, no number', JOIN],
    ['ack.p99<5 0ms', 11, '"0ms" cannot follow "5"', BETWEEN],
    ['delivery.p99<3 delivery.p50', 16, '"delivery.p50" cannot follow "3"', BETWEEN],
    ['1<2', 1, 'only numbers are compared', `Name a metric, like delivery.p99<50ms or lost==0.`],
    // Signs of other languages
    ['delivery.p99=50ms', 13, '"=" means nothing here', 'Write ==.'],
    ['lost!=0', 5, '"!=" means nothing here', 'Write not (a==b).'],
    ['lost==0 && late==0', 9, '"&" means nothing here', 'Write and.'],
    ['lost==0 || late==0', 9, '"|" means nothing here', 'Write or.'],
    ['!lost==0', 1, '"!" means nothing here', 'Write not.'],
    [
      'delivery.p99/delivery.p50<3',
      13,
      '"/" means nothing here',
      'Multiply the other side instead: a < 3 * b.',
    ],
    ['lost==0 🙂', 9, '"🙂" means nothing here', MISSING],
    // Names
    ['Lost==0', 1, `"Lost" is not one of ${NAMES}, nor a series with a statistic`, 'Did you mean lost?'],
    [
      'server_rs<1MiB',
      1,
      `"server_rs" is not one of ${NAMES}, nor a series with a statistic`,
      'Did you mean server_rss?',
    ],
    [
      'lost==0 or x==1',
      12,
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
    ['1ms < ack.median', 7, '"median" is not p0 to p99.999, min, max or mean', 'Write it like ack.p99.'],
    ['ack.p100<5ms', 1, '"p100" is not p0 to p99.999, min, max or mean', 'Write it like ack.p99.'],
    ['ack.p<5ms', 1, '"p" is not p0 to p99.999, min, max or mean', 'Write it like ack.p99.'],
    ['ack.p9.9.9<5ms', 1, '"p9.9.9" is not p0 to p99.999, min, max or mean', 'Write it like ack.p99.'],
    [
      'lost==0 and base.lost==0',
      13,
      '"base.lost" is of a base, and only gate and compare have a base',
      'Compare with a value instead, or use sockbench gate.',
    ],
    // Units
    ['ack.p99<50', 9, `"50" has no unit; ack.p99 ${DURATION}`, 'Write it like 50ms.'],
    ['50 > ack.p99', 1, `"50" has no unit; ack.p99 ${DURATION}`, 'Write it like 50ms.'],
    ['ack.p99<5%', 9, `"5%" is a percentage; ack.p99 ${DURATION}`, 'Write it like 50ms.'],
    ['ack.p99 < 5ms + 2', 17, `"2" has no unit; 5ms ${DURATION}`, 'Write it like 2ms.'],
    ['ack.p99 - server_rss < 5ms', 11, `"server_rss" is a size; ack.p99 ${DURATION}`, 'Write it like 50ms.'],
    ['ack.p99<5msec', 10, `"msec" is not one of the units ${ALL_UNITS}`, 'Use one of them.'],
    ['ack.p99<5MS', 10, `"MS" is not one of the units ${ALL_UNITS}`, 'Did you mean 5ms?'],
    ['lost==0 AND late==0', 9, `"AND" is not one of the units ${ALL_UNITS}`, 'Did you mean and?'],
    [
      'server_rss<512',
      12,
      '"512" has no unit; server_rss takes a size, a number and one of the units B, kB, MB, KiB, MiB',
      'Write it like 512MiB.',
    ],
    [
      'sent>=99',
      7,
      '"99" has no unit; sent takes a rate, a number and one of the units /s, /m, /h',
      'Write it like 99/s.',
    ],
    ['server_cpu<80', 12, '"80" has no unit; server_cpu takes a percentage', 'Write it like 80%.'],
    [
      'server_cpu_per_delivery<20%',
      25,
      `"20%" is a percentage; server_cpu_per_delivery ${DURATION}`,
      'Write it like 50ms.',
    ],
    [
      'requests_per_delivery<2%',
      23,
      '"2%" is a percentage; requests_per_delivery takes a number without a unit',
      'Write it like 1.5.',
    ],
    ['lost<5ms', 6, '"5ms" is a duration; lost takes a whole number or a percentage', 'Write it like 0.'],
    ['lost==0.5', 7, '"0.5" is not whole; lost takes a whole number or a percentage', 'Write it like 0.5%.'],
    [
      'lost < requests_per_delivery',
      8,
      '"requests_per_delivery" is a plain number; lost takes a whole number or a percentage',
      'Write it like 0.',
    ],
    // Products
    [
      'ack.p99 * ack.p50 < 3ms',
      1,
      '"ack.p99" times "ack.p50": one of them has to be a plain number',
      'Write it like 3 * delivery.p50; 110% is 1.1.',
    ],
    [
      'ack.p99 < 110% * ack.p50',
      11,
      '"110%" times "ack.p50": one of them has to be a plain number',
      'Write it like 3 * delivery.p50; 110% is 1.1.',
    ],
  ])('"%s" at column %i: %s', (expression, column, problem, hint) => {
    expect(thrownBy(() => parseThreshold(expression))).toMatchObject({
      code: 'BAD_THRESHOLD',
      message: `--threshold "${expression}", column ${column}: ${problem}`,
      hint,
      exitCode: 2,
    });
  });

  it('asks what of the base is meant', () => {
    expect(thrownBy(() => parseThreshold('lost < base', {}, { hasBase: true }))).toMatchObject({
      message: '--threshold "lost < base", column 8: "base" is no metric',
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
      expect(parseThreshold(expression, {}, { hasBase: true })).toMatchObject({ expression });
    }
  });

  it.each([...COUNTS, ...FIGURE_NAMES])('tells of %s', (name) => {
    expect(page).toMatch(new RegExp(`^\\|.*\`${name}\`.* \\|`, 'm'));
  });
});
