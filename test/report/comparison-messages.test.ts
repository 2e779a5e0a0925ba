import { describe, expect, it } from 'vitest';
import { renderSmallerIsBetter } from '../../src/report/ci/github-action-benchmark.ts';
import { renderGithubAnnotations } from '../../src/report/ci/github-annotations.ts';
import { renderGithubSummary } from '../../src/report/ci/github-summary.ts';
import { briefly, brieflyAll } from '../../src/report/content/brief.ts';
import { renderComparisonHtml } from '../../src/report/content/comparison-html.ts';
import { renderComparisonMarkdown } from '../../src/report/content/comparison-markdown.ts';
import { metricTables } from '../../src/report/content/comparison-metric-table.ts';
import { renderComparisonText } from '../../src/report/content/comparison-text.ts';
import { verdictSentence } from '../../src/report/content/comparison-words.ts';
import { comparisons, NOT_STARTED } from './comparison-fixture.ts';

describe('a message', () => {
  it('is told by its first line and the one that names an error', () => {
    expect(briefly(NOT_STARTED)).toBe(
      'the command "node dist/server.js" ended with exit code 1 before it listened at 127.0.0.1:3000; its last lines: Error: Cannot find module \'dist/server.js\'',
    );
  });

  it('is told by its last two lines where none names an error', () => {
    expect(briefly('it ended\n\n  one\r\n  two\n  three\n')).toBe('it ended / two / three');
    expect(briefly('it ended')).toBe('it ended');
  });

  it('is cut where it is long, and others are counted where there is no room', () => {
    expect(briefly('x'.repeat(1000))).toHaveLength(300);
    expect(brieflyAll(['a', 'b', 'x'.repeat(299), 'c'])).toBe('a; b; and 2 more');
    expect(brieflyAll(['x'.repeat(1000), 'c'])).toMatch(/x\u2026; and 1 more$/);
  });
});

describe('an arm that could not start', () => {
  const unstarted = comparisons.unstarted;

  it.each([
    ['text', () => renderComparisonText(unstarted())],
    ['Markdown', () => renderComparisonMarkdown(unstarted())],
    ['summary', () => renderGithubSummary(unstarted())],
    ['annotations', () => renderGithubAnnotations(unstarted())],
    ['HTML', () => renderComparisonHtml(unstarted())],
  ])('has a short first line without replaced characters in the %s', (_, render) => {
    expect(render()).not.toContain('\ufffd');
    expect(verdictSentence(unstarted()).length).toBeLessThan(350);
  });

  it('has its last lines in full below', () => {
    expect(renderComparisonText(unstarted())).toMatch(
      /\n {4}Error: Cannot find module 'dist\/server\.js'\n {8}at Module\.step0 /,
    );
    const block = /<details><summary>Messages in full<\/summary>\n\n```text\n(.*?)\n```/s;
    expect(block.exec(renderGithubSummary(unstarted()))?.[1]?.split('\n')).toHaveLength(24);
    const pre = /<details><summary>Messages in full<\/summary>\n<pre>(.*?)<\/pre>\n<\/details>/s;
    expect(pre.exec(renderComparisonHtml(unstarted()))?.[1]?.split('\n')).toHaveLength(24);
  });

  it('is in full once, and nothing is where nothing was left out', () => {
    expect(renderComparisonText(unstarted()).match(/MODULE_NOT_FOUND/g)).toHaveLength(1);
    expect(renderComparisonText(comparisons.invalid())).not.toContain('messages in full');
  });
});

describe('a comparison that ended before it was to be judged', () => {
  it('has no other word for a metric anywhere', () => {
    const comparison = structuredClone(comparisons.regressed());
    comparison.judgement.rounds = 4;
    comparison.judgement.verdict = 'INCONCLUSIVE';
    const [pair] = comparison.judgement.heads;
    if (pair === undefined) throw new Error('no head');
    pair.verdict = 'INCONCLUSIVE';
    const { gating, told } = metricTables(comparison, pair);
    expect(new Set(gating.rows.map(([, verdict]) => verdict))).toEqual(new Set(['INCONCLUSIVE']));
    expect(new Set(told.rows.map(([, verdict]) => verdict))).toEqual(new Set(['inconclusive']));
    expect(renderSmallerIsBetter(comparison)).not.toMatch(/"extra": "(?!INCONCLUSIVE: )/);
    expect(renderComparisonText(comparison)).not.toContain('REGRESSED  ');
  });
});

describe('what is tolerated of a count', () => {
  it('is a share only where the base has some', () => {
    const comparison = structuredClone(comparisons.ok());
    const [pair] = comparison.judgement.heads;
    const lost = pair?.metrics.find(({ metric }) => metric === 'lost');
    if (pair === undefined || lost === undefined) throw new Error('no count');
    const tolerated = () => metricTables(comparison, pair).gating.rows.at(-1)?.[6];
    expect(tolerated()).toBe('none where the base has none');
    lost.base = 8;
    expect(tolerated()).toBe('25 %');
  });
});
