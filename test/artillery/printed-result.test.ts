import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { printedLines, resultInLines } from '../../src/result/printed-result.ts';

const JSON_TEXT = JSON.stringify({ noise: randomBytes(20_000).toString('base64') });
const lines = printedLines('pod-1', JSON_TEXT).trimEnd().split('\n');
const MAX = 1e6;

describe('a result in the lines of a log', () => {
  it('is found between other lines, in any order, behind a time of day', () => {
    expect(lines.length).toBeGreaterThan(3);
    const log = ['Phase started', ...lines.toReversed().map((line) => `2026-11-28T17:00:00Z ${line}`), 'end'];
    expect(resultInLines(log.join('\r\n'), MAX)).toBe(JSON_TEXT);
  });

  it('is in no text without such lines', () => {
    expect(resultInLines(JSON_TEXT, MAX)).toBeNull();
    expect(resultInLines('{"name": "sockbench-result of a day"}', MAX)).toBeNull();
  });

  it.each([
    [lines.slice(0, 1).concat(lines.slice(2)), `lacks line 2 of ${lines.length} of the printed result pod-1`],
    [[...lines, ...printedLines('pod-2', '{}').split('\n')], 'holds 2 printed results: pod-1, pod-2'],
    [['sockbench-result pod-1 1/1 AAAA'], 'cannot be inflated'],
    [['sockbench-result pod-1 1/999999999 AAAA'], 'lacks line 2'],
  ])('is refused when it is damaged', (log, message) => {
    expect(() => resultInLines(log.join('\n'), MAX)).toThrow(message);
  });

  it('is refused when it inflates beyond the limit', () => {
    expect(() => resultInLines(printedLines('a', 'x'.repeat(10_000)), 1000)).toThrow('cannot be inflated');
  });
});
