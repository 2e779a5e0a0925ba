import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { renderJunit } from '../../../src/report/ci/junit.ts';
import type { Comparison } from '../../../src/result/comparison.ts';
import { skipWhenMissing } from '../../support/need.ts';
import { comparisons, EVERY_CHARACTER, makeComparison } from '../comparison-fixture.ts';

skipWhenMissing(spawnSync('xmllint', ['--version']).error ? 'no xmllint: install libxml2-utils' : null);

const SCHEMA = fileURLToPath(new URL('junit.xsd', import.meta.url));

/** Throws the output of xmllint when the document is not well-formed or does not match the schema. */
function validate(xml: string): void {
  execFileSync('xmllint', ['--noout', '--huge', '--schema', SCHEMA, '-'], { input: xml, stdio: 'pipe' });
}

/** Evaluates an XPath expression to text. */
function ask(xml: string, expression: string): string {
  return execFileSync('xmllint', ['--xpath', expression, '-'], { input: xml, encoding: 'utf8' }).trim();
}

/** The cases that did not pass: `failure verdict`, `skipped lost`. */
function faults(comparison: Comparison): string[] {
  const xml = renderJunit(comparison);
  const count = Number(ask(xml, 'count(//testcase[failure|error|skipped])'));
  return Array.from({ length: count }, (_, index) => {
    const one = `(//testcase[failure|error|skipped])[${index + 1}]`;
    return ask(xml, `concat(name(${one}/*[1]), " ", ${one}/@name)`);
  });
}

/** Without informational metrics, which are always skipped. */
const gatingFaults = (comparison: Comparison) =>
  faults(comparison).filter((fault) => !fault.endsWith('(informational)'));

describe('JUnit XML', () => {
  it.each(Object.entries(comparisons))('matches the schema: %s', (_, make) => {
    validate(renderJunit(make()));
  });

  it('is well-formed whatever an arm is called', () => {
    const xml = renderJunit(makeComparison({ rounds: 1, arms: ['base', EVERY_CHARACTER] }));
    validate(xml);
    expect(ask(xml, 'string(//property[@name="head"]/@value)')).toContain('<>&"\'');
  });

  it('counts what it holds', () => {
    const xml = renderJunit(comparisons.several());
    const sums = ['tests', 'failures', 'errors', 'skipped', 'time'].map(
      (name) => `sum(//testsuite/@${name})`,
    );
    const counts = ['testcase', 'failure', 'error', 'skipped'].map((name) => `count(//${name})`);
    const joined = (parts: readonly string[]) => ask(xml, `concat(${parts.join(', " ", ')})`);
    expect(joined(sums)).toBe('18 2 0 14 123.456');
    expect(joined(counts)).toBe('18 2 0 14');
    expect(joined(['/*/@tests', '/*/@failures', '/*/@errors', '/*/@time'])).toBe('18 2 0 123.456');
    expect(ask(xml, 'sum(//testcase/@time)')).toBe('123.456');
  });

  it('has a suite for each head, and cases for the verdict, each metric and each threshold', () => {
    expect(ask(renderJunit(comparisons.several()), 'count(//testsuite)')).toBe('2');
    const xml = renderJunit(comparisons.thresholds());
    expect(ask(xml, 'count(//testcase)')).toBe(String(1 + 8 + 3));
    expect(ask(xml, 'string(//testcase[1]/@name)')).toBe('verdict');
  });

  it('has one failure for each gating metric that regressed, with units', () => {
    const failures = faults(comparisons.regressed()).filter((fault) => fault.startsWith('failure'));
    expect(failures).toEqual(['failure delivery.p50', 'failure lost']);
    const xml = renderJunit(comparisons.regressed());
    expect(ask(xml, 'string(//testcase[@name="verdict"]/skipped/@message)')).toMatch(
      /^REGRESSED: delivery\.p50 /,
    );
    expect(ask(xml, 'string(//testcase[@name="lost"]/failure/@message)')).toBe(
      'REGRESSED: lost 0 -> 10 messages',
    );
    expect(ask(renderJunit(comparisons.regressed()), 'string(//testcase[2]/failure/@message)')).toBe(
      'REGRESSED: delivery.p50 1.40x (1.33-1.48), 1.21 ms -> 1.71 ms',
    );
  });

  it('skips what is inconclusive, and passes what improved', () => {
    expect(gatingFaults(comparisons.inconclusive())).toEqual(['skipped verdict', 'skipped delivery.p50']);
    expect(gatingFaults(comparisons.improved())).toEqual([]);
    const reason = 'string(//testcase[@name="delivery.p50"]/skipped/@message)';
    expect(ask(renderJunit(comparisons.inconclusive()), reason)).toMatch(
      /^INCONCLUSIVE: delivery\.p50 1\.08x \(0\.92-1\.27\), .*; the bounds hold both/,
    );
  });

  it('skips an informational metric, with its verdict', () => {
    expect(gatingFaults(comparisons.warned())).toEqual([]);
    const reason = 'string(//testcase[starts-with(@name, "delivery.p99")]/skipped/@message)';
    expect(ask(renderJunit(comparisons.warned()), reason)).toContain(
      'informational, not gating: REGRESSED: delivery.p99 1.40x (1.33-1.48)',
    );
  });

  it('is one error and skips the rest, with the reason, when the comparison is INVALID', () => {
    const xml = renderJunit(
      makeComparison({ invalid: true, excluded: 3, thresholds: comparisons.thresholds().thresholds }),
    );
    const count = (what: string) => `count(//${what}[contains(@message, "excluded")])`;
    expect(ask(xml, `concat(count(//testcase), " ", ${count('error')}, " ", ${count('skipped')})`)).toBe(
      '12 1 11',
    );
  });

  it('fails a threshold that failed, and skips one that was not judged', () => {
    expect(gatingFaults(comparisons.thresholds())).toEqual([
      'failure threshold delivery.p50<1ms',
      'skipped threshold delivery.p99<50ms',
    ]);
  });

  it('has each threshold in the suite of its head', () => {
    const thresholds = [1, 2].map((arm) => ({
      arm,
      expression: 'lost==0',
      passed: arm === 1,
      actual: 0,
      lower: null,
      upper: null,
      detail: '0',
    }));
    const xml = renderJunit({ ...comparisons.several(), thresholds });
    const inSuite = (index: number) =>
      ask(
        xml,
        `concat(count(//testsuite[${index}]/testcase[@name="threshold lost==0"]), " ", count(//testsuite[${index}]/testcase[@name="threshold lost==0"]/failure))`,
      );
    expect([inSuite(1), inSuite(2)]).toEqual(['1 0', '1 1']);
  });

  it('has the last output of an arm that did not start in the body, and a summary of it in the message', () => {
    const xml = renderJunit(comparisons.unstarted());
    const message = ask(xml, 'string(//testcase[1]/error/@message)');
    expect(message.length).toBeLessThan(400);
    expect(message).not.toContain('\ufffd');
    expect(ask(xml, 'string(//testcase[1]/error)')).toContain("\n    code: 'MODULE_NOT_FOUND',\n");
    expect(ask(xml, 'string(//testcase[1]/error)')).toContain('the loads of the arms differ');
  });

  it('does not fail a regression in a comparison that ended before its first look', () => {
    const comparison = structuredClone(comparisons.regressed());
    const [pair] = comparison.judgement.heads;
    if (pair !== undefined) pair.verdict = 'INCONCLUSIVE';
    comparison.judgement.rounds = 4;
    expect(gatingFaults(comparison)).toEqual([
      'skipped verdict',
      'skipped delivery.p50',
      'skipped fanout_last.p95',
      'skipped lost',
    ]);
  });

  it('holds the stored values', () => {
    const xml = renderJunit(comparisons.regressed());
    const value = (name: string) => ask(xml, `string(//property[@name="delivery.p50 ${name}"]/@value)`);
    expect(['base', 'head', 'ratio', 'lower', 'upper'].map(value)).toEqual([
      '1200000',
      '1680000',
      '1.4',
      '1.33',
      '1.48',
    ]);
    expect(ask(xml, 'count(//property[@value="null"])')).toBe('0');
  });
});
