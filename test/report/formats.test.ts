import { describe, expect, it } from 'vitest';
import { formats } from '../../src/report/index.ts';
import { runResultSchema } from '../../src/result/run-result.ts';
import { results } from './fixture.ts';

const valid = results.valid();
const render = (name: string, given = [valid]) =>
  formats.find((format) => format.name === name)?.render(given) ?? '';

describe('formats', () => {
  it('have names of their own', () => {
    const names = formats.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(expect.arrayContaining(['text', 'md', 'json', 'html', 'hgrm', 'hlog', 'csv']));
  });

  it.each(formats.map(({ name }) => name))('%s ends in exactly one line break', (name) => {
    expect(render(name)).toMatch(/[^\n]\n$/);
  });

  it.each(['hgrm', 'hlog'])('%s refuses several results', (name) => {
    expect(() => render(name, [valid, valid])).toThrow(
      expect.objectContaining({ code: 'ONE_RESULT_ONLY', exitCode: 2 }),
    );
  });

  it('give back the stored document as JSON, and an array of several', () => {
    expect(runResultSchema.parse(JSON.parse(render('json')))).toEqual(valid);
    expect(JSON.parse(render('json', [valid, valid]))).toEqual([valid, valid]);
  });

  it.each(['text', 'md', 'html'])('%s begins with the verdict', (name) => {
    const body = render(name, [results.invalid()]).replace(/^[\s\S]*<body>/, '');
    const first = body
      .replaceAll(/<[^>]*>/g, '')
      .replaceAll('*', '')
      .trim()
      .split('\n')[0];
    expect(first).toBe('INVALID: sent 80.1/s of 100/s; send lag p99 was 12 ms');
  });
});
