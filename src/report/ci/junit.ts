import type { Comparison, MetricOutcome, PairOutcome, Verdict } from '../../result/comparison.ts';
import type { ThresholdOutcome } from '../../result/run-result.ts';
import { gradeOf, isUnjudged, metricSentence } from '../content/comparison-metrics.ts';
import { adviceFor, noteTexts, wholeMessages } from '../content/comparison-notes.ts';
import { pairSentence } from '../content/comparison-verdict.ts';
import { briefly, plain } from '../plain.ts';
import { type CiPair, ciView } from './view.ts';

type CaseOutcome = 'passed' | 'failure' | 'error' | 'skipped';

interface TestCase {
  readonly name: string;
  readonly outcome: CaseOutcome;
  /** One word by which CI systems group faults. */
  readonly type: string;
  readonly message: string;
  /** Shown for every outcome. */
  readonly output: string;
  readonly timeMs: number;
}

/** A metric of an invalid pair was not judged; the verdict is the error. */
const METRIC_OUTCOMES: Readonly<Record<Verdict, CaseOutcome>> = {
  OK: 'passed',
  IMPROVED: 'passed',
  REGRESSED: 'failure',
  INCONCLUSIVE: 'skipped',
  INVALID: 'skipped',
};

/** The metrics that regressed are the failures, so the verdict is no further one. */
const VERDICT_OUTCOMES: Readonly<Record<Verdict, CaseOutcome>> = {
  ...METRIC_OUTCOMES,
  REGRESSED: 'skipped',
  INVALID: 'error',
};

/** A case whose output is its message. */
function shortCase(name: string, type: string, outcome: CaseOutcome, message: string): TestCase {
  return { name, type, outcome, message, output: message, timeMs: 0 };
}

function invalidCase(name: string, { invalid }: PairOutcome): TestCase {
  const why = briefly(...invalid.map(({ message }) => message)) || 'no valid pairs';
  return shortCase(name, 'INVALID', 'skipped', `the comparison is INVALID: ${why}`);
}

/** The case of the whole pair, with everything that a reader of the log needs. */
function verdictCase(comparison: Comparison, pair: PairOutcome): TestCase {
  const { verdict } = pair;
  const timeMs = comparison.durationMs / comparison.judgement.heads.length;
  const message = pairSentence(comparison, pair);
  const whole = wholeMessages(comparison).flatMap((lines) => ['', ...lines]);
  const output = [message, ...noteTexts(comparison), ...adviceFor(comparison), ...whole].join('\n');
  return { name: 'verdict', outcome: VERDICT_OUTCOMES[verdict], type: verdict, message, output, timeMs };
}

/** A sentence with units: counts are of messages. */
function unitSentence(metric: MetricOutcome): string {
  const sentence = metricSentence(metric);
  return metric.kind === 'exact' && metric.points.length > 0 ? `${sentence} messages` : sentence;
}

/** A gating metric that regressed is a failure. An informational one has no outcome, so it is skipped with its verdict. */
function metricCase(comparison: Comparison, pair: PairOutcome, metric: MetricOutcome): TestCase {
  const grade = gradeOf(comparison, pair, metric);
  const name = metric.gating ? metric.metric : `${metric.metric} (informational)`;
  if (grade === 'INVALID') return invalidCase(name, pair);
  if (isUnjudged(metric)) return shortCase(name, 'NOT_JUDGED', 'skipped', metric.because);
  const sentence = `${grade}: ${unitSentence(metric)}`;
  const whole = sentence.includes(metric.because) ? sentence : `${sentence}; ${metric.because}`;
  if (!metric.gating) return shortCase(name, grade, 'skipped', `informational, not gating: ${whole}`);
  const outcome = METRIC_OUTCOMES[grade];
  return { ...shortCase(name, grade, outcome, outcome === 'skipped' ? whole : sentence), output: whole };
}

function thresholdCase(pair: PairOutcome, { expression, passed, detail }: ThresholdOutcome): TestCase {
  const name = `threshold ${expression}`;
  if (pair.verdict === 'INVALID') return invalidCase(name, pair);
  if (passed === null) return shortCase(name, 'NOT_JUDGED', 'skipped', `not judged: ${detail}`);
  const message = `${expression} ${passed ? 'passed' : 'FAILED'}: ${detail}`;
  return shortCase(name, 'THRESHOLD', passed ? 'passed' : 'failure', message);
}

type Property = readonly [name: string, value: string | number];

/** Everything stored of a metric that has a value, except its points: durations in nanoseconds, shares of one. */
function metricProperties(comparison: Comparison, pair: PairOutcome, metric: MetricOutcome): Property[] {
  const { metric: name, because, points, ...fields } = metric;
  const known = Object.entries({ ...fields, verdict: gradeOf(comparison, pair, metric) });
  return known.flatMap(([key, value]) => (value === null ? [] : [[`${name} ${key}`, String(value)]]));
}

function propertiesOf(comparison: Comparison, { pair, scenario, base, head }: CiPair): Property[] {
  const { design, judgement, tool, status } = comparison;
  return [
    ['sockbench version', tool.version],
    ['scenario', scenario],
    ['base', base],
    ['head', head],
    ['verdict', pair.verdict],
    ['status', status],
    ['rounds', judgement.rounds],
    ['pairs', pair.pairs],
    ['excluded pairs', pair.excluded.length],
    ['alpha', design.alpha],
    ...pair.metrics.flatMap((metric) => metricProperties(comparison, pair, metric)),
  ];
}

/** XML 1.0 cannot hold most control characters, U+FFFE and U+FFFF, not even escaped; none is left in plain text. */
function xml(text: string): string {
  return plain(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** Keeps the line breaks between parts; those inside names and messages are escaped already. */
const xmlLines = (text: string) => text.split('\n').map(xml).join('\n');

/** The start of a tag: `<name a="1"`. */
function tag(name: string, attributes: Readonly<Record<string, string | number>>): string {
  return [
    `<${name}`,
    ...Object.entries(attributes).map(([key, value]) => `${key}="${xml(String(value))}"`),
  ].join(' ');
}

const inSeconds = (ms: number) => (ms / 1000).toFixed(3);

function caseLines(classname: string, { name, outcome, type, message, output, timeMs }: TestCase): string[] {
  const faults = {
    passed: [],
    skipped: [`${tag('skipped', { message })}/>`],
    failure: [`${tag('failure', { type, message })}>${xmlLines(output)}</failure>`],
    error: [`${tag('error', { type, message })}>${xmlLines(output)}</error>`],
  };
  return [
    `    ${tag('testcase', { classname, name, time: inSeconds(timeMs) })}>`,
    ...faults[outcome].map((line) => `      ${line}`),
    `      <system-out>${xmlLines(output)}</system-out>`,
    '    </testcase>',
  ];
}

/** The verdict of a head, which takes all its time, each metric and each threshold. */
function casesOf(comparison: Comparison, { pair }: CiPair): TestCase[] {
  const thresholds = comparison.thresholds.filter(({ arm }) => arm === pair.head);
  return [
    verdictCase(comparison, pair),
    ...pair.metrics.map((metric) => metricCase(comparison, pair, metric)),
    ...thresholds.map((threshold) => thresholdCase(pair, threshold)),
  ];
}

function countsOf(cases: readonly TestCase[]) {
  const count = (outcome: CaseOutcome) => cases.filter((each) => each.outcome === outcome).length;
  return { tests: cases.length, failures: count('failure'), errors: count('error') };
}

function suiteLines(comparison: Comparison, of: CiPair, cases: readonly TestCase[]): string[] {
  const suite = {
    name: `${of.scenario}: ${of.head} vs ${of.base}`,
    ...countsOf(cases),
    skipped: cases.filter(({ outcome }) => outcome === 'skipped').length,
    time: inSeconds(cases.reduce((sum, { timeMs }) => sum + timeMs, 0)),
    timestamp: comparison.startedAt.replace(/\.\d+/, ''),
  };
  const properties = propertiesOf(comparison, of);
  return [
    `  ${tag('testsuite', suite)}>`,
    '    <properties>',
    ...properties.map(([name, value]) => `      ${tag('property', { name, value })}/>`),
    '    </properties>',
    ...cases.flatMap((each) => caseLines(`${of.scenario}.${of.head}`, each)),
    '  </testsuite>',
  ];
}

/**
 * Renders JUnit XML as Jenkins and GitLab read it: one suite per head, with a case for the verdict, for each metric and for
 * each threshold. Each gating metric that regressed and each failed threshold is one failure. An INVALID verdict is one
 * error. What is informational, INCONCLUSIVE or not judged is skipped, with the reason. The heads took turns, so the time is
 * divided among them.
 */
export function renderJunit(comparison: Comparison): string {
  const { scenario, pairs } = ciView(comparison);
  const suites = pairs.map((of) => ({ of, cases: casesOf(comparison, of) }));
  const all = {
    name: `sockbench ${comparison.design.command} ${scenario}`,
    ...countsOf(suites.flatMap(({ cases }) => cases)),
    time: inSeconds(comparison.durationMs),
  };
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `${tag('testsuites', all)}>`,
    ...suites.flatMap(({ of, cases }) => suiteLines(comparison, of, cases)),
    '</testsuites>',
    '',
  ].join('\n');
}
