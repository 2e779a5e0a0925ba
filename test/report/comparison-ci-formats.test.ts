import { describe, expect, it } from 'vitest';
import { ciFormats } from '../../src/report/ci/formats.ts';
import { comparisons } from './comparison-fixture.ts';

describe('formats for CI', () => {
  it('have names and files of their own', () => {
    expect(ciFormats.map(({ name, file }) => `${name} ${file}`)).toEqual([
      'junit junit.xml',
      'github-summary github-summary.md',
      'github-annotations github-annotations.txt',
      'benchmark-smaller benchmark-smaller-is-better.json',
      'benchmark-bigger benchmark-bigger-is-better.json',
      'bencher bencher.json',
      'go benchmark.txt',
      'openmetrics metrics.prom',
    ]);
  });

  it.each(ciFormats.map((format) => [format.name, format] as const))(
    '%s ends in one line break and has no control characters',
    (_, { render }) => {
      for (const make of Object.values(comparisons)) {
        const text = render(make());
        if (text !== '') expect(text).toMatch(/[^\n]\n$/);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose.
        expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e]/);
      }
    },
  );
});
