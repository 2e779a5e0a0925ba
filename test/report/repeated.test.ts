import { describe, expect, it } from 'vitest';
import { unpainted } from '../../src/colour.ts';
import { repeatedEnding } from '../../src/report/content/repeated-ending.ts';
import { REPEATED } from '../../src/report/index.ts';
import { renderEnding } from '../../src/report/render/ending.ts';
import type { Repeated } from '../../src/result/repeated.ts';
import { BUSY, DIED, makeRepeated } from './repeated-fixture.ts';

/** What a format shows of repeated runs. */
function shown(name: string, ...documents: Repeated[]): string {
  return REPEATED.formats.find((format) => format.name === name)?.render(documents) ?? '';
}

/** The end on a terminal of 80 columns. */
function ended(...documents: Repeated[]): string {
  return renderEnding(repeatedEnding(documents), { columns: 80, paint: unpainted, page: null });
}

const usual = makeRepeated({ starts: [1, 1.07, 1.5], thresholds: ['delivery.p50<5ms', 'lost==0'] });
const agreeing = makeRepeated({ starts: [1.2, 1.2, 1.2] });
const short = makeRepeated({ starts: [1, 1, 1], invalid: { 2: BUSY, 3: BUSY } });

describe('the end of a repeated run', () => {
  it('shows the medians with their interval, and whether one start would have been enough', () => {
    const [subject, , headings, p50, , , last] = ended(usual).split('\n');
    expect(subject).toBe('broadcast-latency on ws, 4 clients, 100/s for 2s, 3 starts');
    expect(headings).toMatch(/^figure +median +from +to +between starts +within a run$/);
    expect(p50).toMatch(/^delivery p50 +[\d.]+ ms +[\d.]+ ms +[\d.]+ ms +[\d.]+ % +[\d.]+ %$/);
    expect(last).toMatch(/^slowest receiver p50 /);
    expect(ended(usual)).toContain(
      'from, to: the range of 3 starts, which contains the true median in 75 % of',
    );
    expect(ended(usual)).toContain('✓ delivery.p50<5ms: ');
    expect(ended(usual).replaceAll('\n', ' ')).toMatch(
      /met in 3 of 3 starts.*one start is not enough VALID: 3 starts/,
    );
    expect(ended(agreeing)).toMatch(
      /starts differ by [\d.]+ % in delivery.p50, no more than one run's own interval/,
    );
  });

  it('names the starts that are left out', () => {
    expect(ended(makeRepeated({ invalid: { 2: BUSY, 4: BUSY } }))).toContain(
      `! left out, starts 2 and 4: ${BUSY.message}`,
    );
    expect(ended(makeRepeated({ invalid: { 3: DIED } }))).toContain(`INVALID: start 3: ${DIED.message}`);
  });

  it('shows every start where none is valid', () => {
    const none = makeRepeated({ starts: [1, 1], invalid: { 1: BUSY, 2: BUSY } });
    expect(ended(none)).toMatch(/^start 1 +INVALID/m);
    expect(ended(none)).toContain('INVALID: 2 of 2 starts are invalid, and more than half must be valid');
  });

  it('fits into 25 lines of 80 columns, however much there is to say', () => {
    const much = makeRepeated({
      starts: Array.from({ length: 12 }, (_, index) => 1 + index),
      invalid: { 1: BUSY, 3: DIED, 5: { code: 'send_lag', message: 'late '.repeat(100) } },
      thresholds: Array.from({ length: 30 }, (_, index) => `delivery.p50<${index + 1}ms`),
      restartsServer: false,
      run: { seconds: 1 },
    });
    for (const text of [ended(much), ended(much, usual, agreeing, short)]) {
      expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(25);
      expect(Math.max(...text.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(80);
    }
  });
});

it('several repeated runs stand in one table, the fastest first, with whether one start is enough', () => {
  const socketio = makeRepeated({
    starts: [4, 4.1, 4.2],
    run: { target: 'socketio', protocol: 'socketio' },
  });
  const text = ended(socketio, usual);
  expect(text).toMatch(/^target +p50 ms +starts differ +starts/m);
  const rows = text.split('\n').filter((line) => /^(ws|socketio websocket) {2,}/.test(line));
  expect(rows.map((row) => row.split(/ {2,}/)[0])).toEqual(['ws', 'socketio websocket']);
  expect(rows[0]).toMatch(/^ws +[\d.]+ \([\d.]+-[\d.]+\) +[\d.]+ %, one is not enough +3$/);
  expect(text).toContain('ws has the lowest delivery p50\n');
  expect(text.replaceAll('\n', ' ')).toContain('VALID: 2 repeated runs; one start is not enough in 1 of 2');
});

it('the page and the text have every start, with invalid ones marked', () => {
  const some = makeRepeated({ starts: [1, 1.1, 1], invalid: { 2: BUSY } });
  const [text, page] = [shown('text', some), shown('html', some)];
  expect(text).toMatch(/^start 2 .*INVALID$/m);
  expect(text).toMatch(/^start +p50 ms/m);
  expect(page).toContain('median of 2 starts');
  expect(page.match(/<svg/g)?.length).toBeGreaterThan(2);
});

it('CSV has one row for each figure, with the value of every start', () => {
  const [header = '', first = ''] = shown('csv', usual).split('\n');
  expect(header).toMatch(/^scenario,target,metric,unit,median,lower,upper,.*start_1,start_2,start_3$/);
  const cells = first.split(',');
  expect(cells.slice(0, 4)).toEqual(['broadcast-latency', 'ws', 'delivery.p50', 'ms']);
  expect(cells.slice(-3).map(Number)).toEqual(
    usual.figures[0]?.values.map(({ value }) => (value ?? 0) / 1e6),
  );
});

it('the badge says how many starts are valid', () => {
  expect(shown('badge', usual)).toContain('VALID, 3 starts');
  expect(shown('badge', short)).toContain('INVALID');
});
