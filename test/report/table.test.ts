import { describe, expect, it } from 'vitest';
import {
  type Column,
  chooseUnit,
  column,
  estimateCell,
  formatValue,
  headingText,
  shortageNotes,
  tabulate,
} from '../../src/report/content/table.ts';
import { displayWidth, plain } from '../../src/report/plain.ts';
import { formatFigure } from '../../src/units.ts';

const durations = (id: string, unitGroup = id): Column<Record<string, number | null>> => ({
  ...column(id, id, 'duration', '', (row: Record<string, number | null>) => row[id] ?? null),
  unitGroup,
});

describe('formatFigure', () => {
  it.each([
    [0, '0'],
    [0.0001, '<0.001'],
    [0.00123, '0.00123'],
    [0.1, '0.100'],
    [1.2, '1.20'],
    [99.96, '100'],
    [1234.5, '1,230'],
  ])('shows %d as %s', (value, shown) => {
    expect(formatFigure(value)).toBe(shown);
  });
});

describe('formatValue', () => {
  it('adds the unit that suits the value', () => {
    expect(formatValue('duration', 1_200_000)).toBe('1.20 ms');
    expect(formatValue('rate', 99.5)).toBe('99.5/s');
    expect(formatValue('share', 0.25)).toBe('25.0 %');
    expect(formatValue('count', 1234)).toBe('1,234');
  });
});

describe('chooseUnit', () => {
  it('suits the middle of what a column holds', () => {
    expect(chooseUnit('duration', [300_000, 120e6]).name).toBe('ms');
    expect(chooseUnit('duration', [2_000, 3e9]).name).toBe('ms');
    expect(chooseUnit('duration', [900, 0]).name).toBe('ns');
    expect(chooseUnit('duration', [20e3, 40e3]).name).toBe('µs');
  });
});

describe('tabulate', () => {
  it('chooses one unit for all rows of a column', () => {
    const table = tabulate([durations('p50')], [{ p50: 400_000 }, { p50: 12_345_678 }]);
    expect(table.headings.map(headingText)).toEqual(['p50 ms']);
    expect(table.rows).toEqual([['0.400'], ['12.3']]);
  });

  it('chooses one unit for all columns of a group', () => {
    const columns = [durations('p50', 'latency'), durations('max', 'latency')];
    const table = tabulate(columns, [{ p50: 900_000, max: 40e6 }]);
    expect(table.headings.map(headingText)).toEqual(['p50 ms', 'max ms']);
  });

  it('shows a dash where a row has no value and leaves out a column that has none at all', () => {
    const table = tabulate(
      [durations('p50'), durations('p99')],
      [
        { p50: 1e6, p99: null },
        { p50: null, p99: null },
      ],
    );
    expect(table.headings.map(headingText)).toEqual(['p50 ms']);
    expect(table.rows).toEqual([['1.00'], ['-']]);
  });

  it('leaves out a column that says nothing of any row', () => {
    const requests = {
      ...column('requests', 'requests', 'average', '', (value: number) => value),
      isSilent: (value: number) => value === 0,
    };
    expect(tabulate([requests], [0, 0]).headings).toEqual([]);
    expect(tabulate([requests], [0, 1.256]).rows).toEqual([['0'], ['1.26']]);
  });

  it('keeps a column whose values want for samples', () => {
    const short = {
      ...durations('p99'),
      shortage: () => ({ quantile: 'p99', needed: 1000, had: 3, effective: null, noun: 'requests' }),
    };
    expect(tabulate([short], [{ p99: null }]).rows).toEqual([['-']]);
  });
});

describe('shortageNotes', () => {
  const short = (quantile: string): Column<number> => ({
    ...column(quantile, quantile, 'duration', '', () => null),
    shortage: (had) =>
      had < 1000 ? { quantile, needed: 1000, had, effective: null, noun: 'broadcasts' } : null,
  });

  it('says what a quantile needs and what the run has, once', () => {
    expect(shortageNotes([short('p99'), short('p99')], [500])).toEqual([
      'p99 needs 1,000 broadcasts; this run has 500',
    ]);
  });

  it('gives the range when several runs fall short', () => {
    expect(shortageNotes([short('p99')], [500, 1000, 800])).toEqual([
      'p99 needs 1,000 broadcasts; runs with a dash have 500 to 800',
    ]);
  });
});

describe('shortageNotes of correlated samples', () => {
  const short: Column<number> = {
    ...column('p99', 'p99', 'duration', '', () => null),
    shortage: (effective) => ({ quantile: 'p99', needed: 368, had: 2000, effective, noun: 'broadcasts' }),
  };

  it('says what they count as', () => {
    expect(shortageNotes([short], [214])).toEqual([
      'p99 needs 368 broadcasts that are independent; the 2,000 of this run are correlated and count as 214',
    ]);
    expect(shortageNotes([short], [214, 300])).toEqual([
      'p99 needs 368 broadcasts that are independent; the 2,000 of runs with a dash are correlated and count as 214 to 300',
    ]);
    expect(shortageNotes([short], [0])).toEqual([
      'p99 needs 368 broadcasts that are independent; the 2,000 of this run are too correlated',
    ]);
  });
});

describe('a column with intervals', () => {
  const p99: Column<number> = {
    ...column('p99', 'p99', 'duration', '', (ns: number) => (ns === 0 ? null : ns)),
    interval: (ns) => ({ lower: ns * 0.9, upper: ns > 5e6 ? null : ns * 1.2 }),
  };

  it('shows them in the unit of the figure; an end that is unknown is left open, and a dash has none', () => {
    const { rows } = tabulate([p99], [3.02e6, 6e6, 0]);
    expect(rows).toEqual([
      [{ figure: '3.02', interval: '2.7-3.7' }],
      [{ figure: '6.00', interval: '>= 5.40' }],
      ['-'],
    ]);
  });
});

describe('plain', () => {
  it('disarms what moves a cursor, breaks a line or turns the direction of writing', () => {
    expect(plain('a\nb\u001b[31m\u202ec\u2028')).toBe('a\\nb\\x1b[31m\\u202ec\\u2028');
  });

  it('leaves letters of every script alone', () => {
    expect(plain('日本語 é \u{1F600}')).toBe('日本語 é \u{1F600}');
  });
});

describe('displayWidth', () => {
  it.each([
    ['abc', 3],
    ['日本', 4],
    ['e\u0301', 1],
    ['\u{1F600}', 2],
  ])('of %s is %d', (text, width) => {
    expect(displayWidth(text)).toBe(width);
  });
});

describe('estimateCell', () => {
  it('leaves out an interval that is a point', () => {
    expect(estimateCell('0', { lower: 0, upper: 0 }, 1)).toBe('0');
    expect(estimateCell('3.02', { lower: 2.7e6, upper: 3.6e6 }, 1e6)).toEqual({
      figure: '3.02',
      interval: '2.7-3.6',
    });
  });
});
