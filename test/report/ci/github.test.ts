import { describe, expect, it } from 'vitest';
import { renderGithubAnnotations, renderGithubSummary } from '../../../src/report/ci/github.ts';
import type { Comparison } from '../../../src/result/comparison.ts';
import { comparisons, EVERY_CHARACTER, HOSTILE_ARM, makeComparison } from '../comparison-fixture.ts';

interface Command {
  readonly level: string;
  readonly title: string;
  readonly message: string;
}

/** Undoes replacements in the order of the runner, `%` last. */
function takeBack(text: string, escapes: ReadonlyArray<readonly [string, string]>): string {
  return escapes.reduce((undone, [token, escaped]) => undone.replaceAll(escaped, token), text);
}

const DATA = [
  ['\r', '%0D'],
  ['\n', '%0A'],
  ['%', '%25'],
] as const;
const PROPERTY = [
  ['\r', '%0D'],
  ['\n', '%0A'],
  [':', '%3A'],
  [',', '%2C'],
  ['%', '%25'],
] as const;

/**
 * Reads a log line as GitHub's runner does (ActionCommand.TryParseV2 in actions/runner): `::`, the name up to a
 * space, properties between commas up to the next `::`, the rest is the message.
 */
function readCommand(line: string): Command {
  const end = line.indexOf('::', 2);
  if (!line.startsWith('::') || end === -1) throw new Error(`no command: ${line.slice(0, 80)}`);
  const info = line.slice(2, end);
  const space = info.indexOf(' ');
  const pairs = info
    .slice(space + 1)
    .split(',')
    .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)] as const);
  const [title, ...others] = pairs;
  if (title?.[0] !== 'title' || others.length > 0) throw new Error(`other properties: ${info.slice(0, 80)}`);
  return {
    level: info.slice(0, space),
    title: takeBack(title[1], PROPERTY),
    message: takeBack(line.slice(end + 2), DATA),
  };
}

function annotations(comparison: Comparison): Command[] {
  return renderGithubAnnotations(comparison)
    .split('\n')
    .filter((line) => line !== '')
    .map(readCommand);
}

const titles = (comparison: Comparison) => annotations(comparison).map(({ level, title }) => [level, title]);

describe('GitHub annotations', () => {
  it('are empty when nothing needs attention', () => {
    expect(renderGithubAnnotations(comparisons.ok())).toBe('');
    expect(renderGithubAnnotations(comparisons.warned())).toBe('');
  });

  it('are one per gating metric that is not OK, with its severity', () => {
    expect(titles(comparisons.regressed())).toEqual([
      ['error', 'REGRESSED: delivery.p50 of head'],
      ['error', 'REGRESSED: lost of head'],
    ]);
    expect(titles(comparisons.inconclusive())).toEqual([['warning', 'INCONCLUSIVE: delivery.p50 of head']]);
    expect(titles(comparisons.improved())).toEqual([['notice', 'IMPROVED: delivery.p50 of head']]);
  });

  it('are one for an INVALID head, with the reason', () => {
    expect(titles(comparisons.invalid())).toEqual([['error', 'INVALID: head']]);
    expect(annotations(comparisons.invalid())[0]?.message).toContain('3 of 5 pairs were excluded');
  });

  it('warn when the comparison ended before its first look, though every metric is OK so far', () => {
    const comparison = structuredClone(comparisons.ok());
    const [pair] = comparison.judgement.heads;
    if (pair !== undefined) pair.verdict = 'INCONCLUSIVE';
    comparison.judgement.rounds = 4;
    expect(titles(comparison)).toEqual([['warning', 'INCONCLUSIVE: head']]);
  });

  it('name thresholds that failed or were not judged', () => {
    expect(annotations(comparisons.thresholds())).toEqual([
      {
        level: 'error',
        title: 'threshold FAILED: delivery.p50<1ms',
        message: 'delivery.p50<1ms was 1.2 ms',
      },
      {
        level: 'warning',
        title: 'threshold not judged: delivery.p99<50ms',
        message: 'too few samples',
      },
    ]);
  });

  it('name the arm of a threshold where there are several heads', () => {
    const thresholds = [
      { arm: 2, expression: 'lost==0', passed: false, actual: 3, lower: null, upper: null, detail: '3' },
    ];
    expect(titles({ ...comparisons.several(), thresholds })).toContainEqual([
      'error',
      'threshold of socketio polling FAILED: lost==0',
    ]);
  });

  it('warn of overloaded servers in a comparison that is OK', () => {
    expect(titles(comparisons.overloaded())).toEqual([['warning', 'SERVER OVERLOADED']]);
  });

  it('are the ten most severe at most, and the last counts the others', () => {
    const thresholds = Array.from({ length: 25 }, (_, index) => ({
      arm: 1,
      expression: `lost<${index}`,
      passed: index < 5 ? null : false,
      actual: null,
      lower: null,
      upper: null,
      detail: '30',
    }));
    const all = titles(makeComparison({ rounds: 1, thresholds }));
    expect(all).toHaveLength(10);
    expect(all[0]).toEqual(['error', 'threshold FAILED: lost<5']);
    expect(all[9]).toEqual(['error', 'and 16 more findings']);
  });

  it('cannot be ended by a name', () => {
    const [first, second, ...rest] = annotations(comparisons.hostile());
    expect(rest).toEqual([]);
    expect(first).toMatchObject({
      level: 'error',
      title: expect.stringContaining(':\\x3aerror:\\x3ax%0A{a="b'),
    });
    expect(second?.message).toContain('%0A');
    const any = makeComparison({
      rounds: 1,
      arms: ['base', EVERY_CHARACTER],
      verdicts: { 'delivery.p50': 'REGRESSED' },
    });
    expect(annotations(any)).toHaveLength(1);
  });
});

/** Removes the tags that the renderer writes. */
function withoutOurTags(markdown: string): string {
  return markdown.replaceAll(/^<details><summary>[a-zA-Z, ]+<\/summary>$|^<\/details>$/gm, '');
}

describe('GitHub summary', () => {
  it('begins with the verdict', () => {
    expect(renderGithubSummary(comparisons.regressed())).toMatch(
      /^❌ \*\*REGRESSED: delivery\.p50 1\.40x \(1\.33-1\.48\), 1\.21 ms -> 1\.71 ms;/,
    );
    expect(renderGithubSummary(comparisons.ok())).toMatch(/^✅ \*\*OK: /);
    expect(renderGithubSummary(comparisons.inconclusive())).toMatch(/^⚠️ \*\*INCONCLUSIVE: /);
    expect(renderGithubSummary(comparisons.invalid())).toMatch(/^❌ \*\*INVALID: /);
  });

  it('has the metrics, the thresholds, the excluded pairs and how to read it', () => {
    const thresholds = renderGithubSummary(comparisons.thresholds());
    expect(thresholds).toContain('| delivery.p50 ms | OK | 1.21 | 1.23 |');
    expect(thresholds).toContain('delivery.p50&lt;1ms');
    expect(thresholds).toContain('### How to read this');
    expect(renderGithubSummary(comparisons.excluded())).toContain('the server exited with code 1');
  });

  it('has notes right under the verdict', () => {
    const notes = [{ code: 'loads_differ' as const, message: 'the loads differ' }];
    const [, , first] = renderGithubSummary({ ...comparisons.regressed(), notes }).split('\n');
    expect(first).toBe('- note: the loads differ');
  });

  it('states the error rate of the design, and which processes were fresh', () => {
    const summary = renderGithubSummary(comparisons.ok());
    expect(summary).toContain('Equal builds are called REGRESSED by ratios in at most 2 % of comparisons');
    expect(summary).toContain('The servers of base and head ran already: only the load was started anew.');
    expect(summary).not.toContain('fresh processes');
  });

  it('has no HTML but its own, whatever a name holds', () => {
    const markdown = renderGithubSummary(comparisons.hostile());
    expect(markdown).toContain('&lt;/script>');
    expect(withoutOurTags(markdown)).not.toContain('<');
    expect(markdown.split('\n').filter((line) => line.startsWith('::'))).toEqual([]);
    expect(markdown).not.toContain(HOSTILE_ARM);
  });

  it('stays below 1 MiB: it is cut at the end of a line, and says so', () => {
    const notes = Array.from({ length: 20_000 }, (_, index) => ({
      code: 'loads_differ' as const,
      message: `${index} ${'é'.repeat(50)}`,
    }));
    const markdown = renderGithubSummary({ ...comparisons.regressed(), notes });
    expect(Buffer.byteLength(markdown)).toBeLessThan(2 ** 20);
    expect(markdown).toMatch(/^❌ \*\*REGRESSED: /);
    expect(markdown).toMatch(/é\n\n\*Cut here: [^\n]*\*\n$/);
  });

  it('closes the fence and the fold in which it was cut', () => {
    const message = Array.from({ length: 20_000 }, (_, index) => `${index} ${'x'.repeat(50)}`).join('\n');
    const notes = [{ code: 'loads_differ' as const, message }];
    const markdown = renderGithubSummary({ ...comparisons.ok(), notes });
    expect(Buffer.byteLength(markdown)).toBeLessThan(2 ** 20);
    expect(markdown.match(/<details>/g)).toHaveLength(1);
    expect(markdown.match(/^```/gm)).toHaveLength(2);
    expect(markdown).toMatch(/x\n```\n\n<\/details>\n\n\*Cut here/);
  });
});
