import { describe, expect, it } from 'vitest';
import { exitCodeOfSearch } from '../../src/cli/commands/capacity.ts';
import type { Severity } from '../../src/report/blocks.ts';
import {
  answerSeverity,
  answerText,
  capacityAdvice,
  searchFacts,
} from '../../src/report/content/capacity-verdict.ts';
import type { Capacity } from '../../src/result/capacity.ts';
import { DESIGN, makeCapacity } from './capacity-fixture.ts';
import { HOSTILE } from './fixture.ts';
import { mainOf } from './main-of.ts';
import { capacityMarkdown, capacityPage, capacityText } from './renderings.ts';

const found = makeCapacity();
const near = { ...DESIGN, from: 500, to: 1000 };

/** The text of a fact of a search. */
const fact = (capacity: Capacity, name: string) => new Map(searchFacts(capacity)).get(name);

describe('the answer', () => {
  const clients = makeCapacity({
    design: { ...DESIGN, vary: 'clients', from: 40, to: 80 },
    capacity: 50,
  });
  const cases: ReadonlyArray<readonly [string, Capacity, number, Severity, string]> = [
    ['found', found, 0, 'good', 'ws sustains 993/s (ack-roundtrip, 20 clients); 1,037/s failed'],
    [
      'found, of clients',
      clients,
      0,
      'good',
      'ws sustains 48 clients (ack-roundtrip, 150/s); 50 clients failed',
    ],
    [
      'at the end of the range',
      makeCapacity({ design: { ...DESIGN, to: 150 } }),
      0,
      'good',
      'ws sustains at least 150/s (ack-roundtrip, 20 clients)',
    ],
    [
      'limited by the generator',
      makeCapacity({ design: near, seenTo: 510, capacity: 5000 }),
      0,
      'warning',
      'ws sustains at least 500/s (ack-roundtrip, 20 clients); inconclusive at 522/s',
    ],
    [
      'below the start',
      makeCapacity({ capacity: 50 }),
      99,
      'bad',
      'below start: ws does not sustain 100/s (ack-roundtrip, 20 clients)',
    ],
    [
      'inconclusive',
      makeCapacity({ seenTo: 1 }),
      3,
      'bad',
      'inconclusive at 100/s (ack-roundtrip, 20 clients): the generator was the limit: busy 93 %',
    ],
    [
      'interrupted',
      makeCapacity({ design: near, steps: 1 }),
      4,
      'warning',
      'PARTIAL, interrupted: ws passed at 500/s (ack-roundtrip, 20 clients) once, not confirmed',
    ],
    [
      'unstable',
      { ...found, answer: { ...found.answer, kind: 'unstable' } },
      4,
      'warning',
      'unstable: ws passed at 993/s (ack-roundtrip, 20 clients) in single runs, but not in repeats; 1,037/s failed',
    ],
  ];

  it.each(cases)('%s', (_, capacity, exitCode, severity, line) => {
    expect(answerText(capacity)).toBe(line);
    expect(exitCodeOfSearch(capacity.answer)).toBe(exitCode);
    expect(answerSeverity(capacity)).toBe(severity);
  });

  it('has facts that confirm and limit it', () => {
    expect(fact(found, 'objective')).toBe('ack.p95<50ms, lost at most 0');
    expect(fact(found, 'confirmed')).toBe('5 of 5 fresh runs at 993/s passed');
    expect(fact(found, 'failed')).toMatch(/^2 of 2 runs at 1,037\/s: ack\.p95 /);
    expect(fact(clients, 'failed')).toMatch(/^2 of 2 runs at 50 clients: /);
    expect(fact(makeCapacity({ design: { ...DESIGN, to: 150 } }), 'range')).toBe(
      '100/s to 150/s; its end (--to) was reached',
    );
    const limited = makeCapacity({ design: near, seenTo: 510, capacity: 5000 });
    expect(fact(limited, 'inconclusive')).toBe('at 522/s: the generator was the limit: busy 93 %');
    expect(fact(makeCapacity({ capacity: 50 }), 'failed')).toMatch(/^2 of 2 runs at 100\/s: ack\.p95 /);
  });

  it('has advice that depends on what limited the search', () => {
    expect(capacityAdvice(found)).toEqual([]);
    const limited = makeCapacity({ design: near, seenTo: 510, capacity: 5000 });
    expect(capacityAdvice(limited)).toEqual([
      'to test higher loads, add workers (--workers) on more CPUs, and stop other work on this machine',
    ]);
    const steps = limited.steps.map((step) => ({
      ...step,
      reasons: step.reasons.map(({ message }) => ({ code: 'cpu_steal' as const, message })),
    }));
    expect(capacityAdvice({ ...limited, steps })).toEqual([
      'stop other work on this machine, or use another machine, and search again',
    ]);
  });
});

describe('the text', () => {
  it('begins with the answer and has a row for each run', () => {
    expect(capacityText(found)).toMatchInlineSnapshot(`
      "ws sustains 993/s (ack-roundtrip, 20 clients); 1,037/s failed

      Capacity: ack-roundtrip on ws

      Search
      objective  ack.p95<50ms, lost at most 0
      confirmed  5 of 5 fresh runs at 993/s passed
      failed     2 of 2 runs at 1,037/s: ack.p95 280 ms (260-300), not ack.p95<50ms; messages were in flight when sending ended
      range      100/s to 100,000/s
      runs       17 in 73.5s
      rule       the upper end of the 95 % interval of a quantile must meet the objective; 4 of 5 fresh runs must pass
      load       of the first run: 20 clients, 100/s for 2s (constant), 64 B text, 1 worker, official driver, seed 1

      Every run
                                                                 server    generator
                                         ack.p95  server     event-loop  utilization
      phase            rate/s  outcome        ms   CPU %  utilization %            %  why
      doubling            100  passed       2.41    9.50           9.50         18.3  -
        95 % interval                    2.2-3.2
      doubling            200  passed       2.80    19.0           19.0         17.7  -
        95 % interval                    2.4-3.2
      doubling            400  passed       2.82    38.0           38.0         18.8  -
        95 % interval                    2.7-3.1
      doubling            800  passed       4.59    76.0           76.0         18.2  -
        95 % interval                    4.3-5.0
      doubling          1,600  FAILED        440    98.0           98.0         17.5  server_overloaded
        95 % interval                    420-460
      doubling          1,600  FAILED        435    98.0           98.0         16.8  server_overloaded
        95 % interval                    420-460
      bisecting         1,131  FAILED        311    98.0           98.0         18.0  server_overloaded
        95 % interval                    300-330
      bisecting         1,131  FAILED        319    98.0           98.0         17.3  server_overloaded
        95 % interval                    300-330
      bisecting           951  passed       9.74    90.3           90.3         16.6  -
        95 % interval                   9.3-10.2
      bisecting         1,037  FAILED        283    98.0           98.0         17.8  server_overloaded
        95 % interval                    270-300
      bisecting         1,037  FAILED        280    98.0           98.0         17.1  server_overloaded
        95 % interval                    260-300
      bisecting           993  passed       41.1    94.3           94.3         16.4  -
        95 % interval                      39-43
      confirming          993  passed       41.5    94.3           94.3         17.6  -
        95 % interval                      39-44
      confirming          993  passed       41.1    94.3           94.3         18.7  -
        95 % interval                      39-44
      confirming          993  passed       39.8    94.3           94.3         18.0  -
        95 % interval                      38-42
      confirming          993  passed       41.9    94.3           94.3         19.2  -
        95 % interval                      40-45
      confirming          993  passed       40.9    94.3           94.3         18.5  -
        95 % interval                      39-43
      "
    `);
  });

  it('fits a terminal', () => {
    for (const capacity of [found, makeCapacity({ design: near, seenTo: 510, capacity: 5000 })]) {
      const [, table = ''] = capacityText(capacity).split('\n\nEvery run\n');
      expect(table).toContain('doubling');
      for (const line of table.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
    }
  });
});

describe('Markdown', () => {
  it('has the answer in bold, then every run with all its reasons', () => {
    const text = capacityMarkdown(found);
    expect(text.startsWith('**ws sustains 993/s (ack-roundtrip, 20 clients); 1,037/s failed**')).toBe(true);
    expect(text.match(/\| FAILED \|/g)).toHaveLength(6);
    expect(text).toContain('not ack.p95&lt;50ms; messages were in flight when sending ended |');
  });
});

describe('the page', () => {
  const page = capacityPage(found);
  const drawn = (text: string) => page.split(text).length - 1;

  it('draws every run in a shape of its own, in the curve and with its CPU', () => {
    const passed = found.steps.filter(({ outcome }) => outcome === 'passed').length;
    const failed = found.steps.length - passed;
    // Each of the two figures has a key as well.
    expect(drawn('d="M-4.5 0A')).toBe(2 * passed + 2);
    expect(drawn('d="M-5-5L5 5')).toBe(2 * failed + 2);
  });

  it('marks the objective and the answer, and tells every figure under the pointer', () => {
    expect(drawn('>ack.p95&lt;50ms</text>')).toBe(1);
    expect(drawn('>993/s</text>')).toBe(2);
    expect(page).toMatch(/<title>1,600\/s \(doubling\): 4\d\d ms \(4\d\d ms to 4\d\d ms\), FAILED: ack\.p95/);
  });

  it('has no impossible coordinate', () => {
    for (const capacity of [
      found,
      makeCapacity({ capacity: 50 }),
      makeCapacity({ design: near, steps: 1 }),
    ]) {
      expect(mainOf(capacityPage(capacity))).not.toMatch(/NaN|Infinity|undefined/);
    }
  });

  it('shows hostile text as text', () => {
    const steps = found.steps.map((step) => ({
      ...step,
      reasons: [{ code: 'failed' as const, message: HOSTILE }],
    }));
    const hostile = { ...found, steps, notes: [{ code: 'interrupted' as const, message: HOSTILE }] };
    expect(capacityPage(hostile)).not.toContain('<img');
    expect(capacityText(hostile)).not.toContain('\u001b');
  });
});
