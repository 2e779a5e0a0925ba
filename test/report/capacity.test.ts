import { describe, expect, it } from 'vitest';
import { exitCodeOfSearch } from '../../src/cli/commands/capacity.ts';
import { renderCapacityHtml } from '../../src/report/content/capacity-html.ts';
import { renderCapacityMarkdown } from '../../src/report/content/capacity-markdown.ts';
import { renderCapacityText } from '../../src/report/content/capacity-text.ts';
import { answerText } from '../../src/report/content/capacity-words.ts';
import { type Capacity, parseCapacity } from '../../src/result/capacity.ts';
import { thrownBy } from '../thrown.ts';
import { DESIGN, makeCapacity } from './capacity-fixture.ts';
import { HOSTILE } from './fixture.ts';
import { mainOf } from './main-of.ts';

const found = makeCapacity();
const near = { ...DESIGN, from: 500, to: 1000 };

describe('the answer in words', () => {
  const told: ReadonlyArray<readonly [string, Capacity, number, string]> = [
    [
      'a capacity that was found',
      found,
      0,
      'ws takes 993/s of ack-roundtrip with 20 clients: ack.p95<50ms holds and nothing is lost, confirmed by 5 of 5 fresh runs; at 1,037/s 2 of 2 runs failed: ack.p95 ',
    ],
    [
      'a number of clients',
      makeCapacity({ design: { ...DESIGN, vary: 'clients', from: 40, to: 80 }, capacity: 50 }),
      0,
      'ws takes 48 clients in ack-roundtrip at 150/s: ack.p95<50ms holds and nothing is lost, confirmed by 5 of 5 fresh runs; at 50 clients 2 of 2 runs failed: ',
    ],
    [
      'a search that came to its end',
      makeCapacity({ design: { ...DESIGN, to: 150 } }),
      0,
      'ws takes at least 150/s of ack-roundtrip with 20 clients: ack.p95<50ms holds and nothing is lost, confirmed by 5 of 5 fresh runs; nothing higher was asked for (--to)',
    ],
    [
      'a generator that was the limit',
      makeCapacity({ design: near, seenTo: 510, capacity: 5000 }),
      0,
      'ws takes at least 500/s of ack-roundtrip with 20 clients: ack.p95<50ms holds and nothing is lost, confirmed by 5 of 5 fresh runs; nothing can be said of ',
    ],
    [
      'a target that cannot be met',
      makeCapacity({ capacity: 50 }),
      99,
      'ws cannot take even 100/s of ack-roundtrip with 20 clients: 2 of 2 runs failed: ack.p95 ',
    ],
    [
      'a generator that sees nothing',
      makeCapacity({ seenTo: 1 }),
      3,
      'nothing can be said of what ws takes, not even at 100/s: the generator was the limit: busy 93 %',
    ],
    [
      'a search that was stopped',
      makeCapacity({ design: near, steps: 1 }),
      4,
      'PARTIAL: ws took 500/s of ack-roundtrip with 20 clients in one run, not confirmed',
    ],
  ];

  it.each(told)('%s', (_, capacity, exitCode, words) => {
    expect(answerText(capacity).startsWith(words), answerText(capacity)).toBe(true);
    expect(exitCodeOfSearch(capacity.answer)).toBe(exitCode);
  });

  it('a server that passes once but never again', () => {
    const steps = found.steps.map((step) => ({ ...step }));
    const unstable: Capacity = { ...found, steps, answer: { ...found.answer, kind: 'unstable' } };
    expect(answerText(unstable)).toMatch(
      /^ws takes 993\/s .* at times, but too unsteadily for an answer; at 1,037\/s/,
    );
    expect(exitCodeOfSearch(unstable.answer)).toBe(4);
  });
});

describe('the text', () => {
  it('begins with the answer and has a row for each run', () => {
    const lines = renderCapacityText(found).trimEnd().split('\n');
    expect(lines[0]).toBe(answerText(found));
    const rows = lines.slice(lines.indexOf('') + 1);
    expect(rows[0]).toBe(
      'phase       rate/s  outcome  ack.p95 ms  upper bound ms  lost  server CPU %  server loop %  generator busy %  why',
    );
    expect(rows).toHaveLength(1 + found.steps.length);
    expect(rows.at(5)).toMatch(/^doubling\s+1,600 {2}FAILED .* objective_missed, server_overloaded$/);
  });
});

describe('Markdown', () => {
  it('has the answer in bold, then every run with all its reasons', () => {
    const text = renderCapacityMarkdown(found);
    expect(text.startsWith('**ws takes 993/s of ack-roundtrip')).toBe(true);
    expect(text.match(/\| FAILED \|/g)).toHaveLength(6);
    expect(text).toContain('not ack.p95&lt;50ms; messages were under way when sending ended |');
  });
});

describe('the page', () => {
  const page = renderCapacityHtml(found);
  const drawn = (text: string) => page.split(text).length - 1;

  it('draws every run in a shape of its own, in the curve, near the answer, and with its CPU', () => {
    const passed = found.steps.filter(({ outcome }) => outcome === 'passed').length;
    const failed = found.steps.length - passed;
    const nearAnswer = found.steps.filter(({ value }) => value >= 993 * 0.75 && value <= 993 * 1.35);
    const nearPassed = nearAnswer.filter(({ outcome }) => outcome === 'passed').length;
    // Each of the three figures has a key as well.
    expect(drawn('d="M-4.5 0A')).toBe(2 * passed + nearPassed + 3);
    expect(drawn('d="M-5-5L5 5')).toBe(2 * failed + nearAnswer.length - nearPassed + 3);
  });

  it('marks the objective and the answer, and tells every figure under the pointer', () => {
    expect(drawn('>ack.p95&lt;50ms</text>')).toBe(2);
    expect(drawn('>993/s</text>')).toBe(3);
    expect(page).toMatch(/<title>1,600\/s \(doubling\): 4\d\d ms \(4\d\d ms to 4\d\d ms\), FAILED: ack\.p95/);
  });

  it('has no impossible coordinate', () => {
    for (const capacity of [
      found,
      makeCapacity({ capacity: 50 }),
      makeCapacity({ design: near, steps: 1 }),
    ]) {
      expect(mainOf(renderCapacityHtml(capacity))).not.toMatch(/NaN|Infinity|undefined/);
    }
  });

  it('shows hostile text as text', () => {
    const steps = found.steps.map((step) => ({
      ...step,
      reasons: [{ code: 'failed' as const, message: HOSTILE }],
    }));
    const hostile = { ...found, steps, notes: [{ code: 'interrupted' as const, message: HOSTILE }] };
    expect(renderCapacityHtml(hostile)).not.toContain('<img');
    expect(renderCapacityText(hostile)).not.toContain('\u001b');
  });
});

describe('a stored search', () => {
  const stored: unknown = JSON.parse(JSON.stringify(found));

  it('is read as it was written', () => {
    expect(parseCapacity('a.json', stored)).toEqual(found);
  });

  it.each([
    [{}, 'a.json is not the result of a search for capacity'],
    [{ ...found, schemaVersion: 2 }, 'a.json has schemaVersion 2; this sockbench reads 3'],
    [
      { ...found, answer: { ...found.answer, kind: 'perhaps' } },
      'a.json does not hold together: answer.kind: ',
    ],
  ])('of another kind, of another version or edited is refused', (given, message) => {
    expect(thrownBy(() => parseCapacity('a.json', given))).toMatchObject({
      code: 'BAD_RESULT',
      message: expect.stringContaining(message) as unknown,
    });
  });
});
