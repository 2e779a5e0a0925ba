import type { Comparison, MetricOutcome, PairOutcome } from '../../result/comparison.ts';
import type { ThresholdOutcome } from '../../result/run-result.ts';
import { brieflyAll } from '../content/brief.ts';
import { gradeOf, isUnjudged, metricSentence } from '../content/comparison-metrics.ts';
import { adviceFor, noteTexts, wholeMessages } from '../content/comparison-notes.ts';
import { pairSentence } from '../content/comparison-verdict.ts';
import { plain } from '../plain.ts';
import { type CiView, ciView, labelOf } from './view.ts';

type Outcome = 'passed' | 'failure' | 'error' | 'skipped';

interface TestCase {
  readonly name: string;
  readonly outcome: Outcome;
  /** What is wrong, in one word, as CI systems group by it. */
  readonly type: string;
  readonly message: string;
  /** Said whatever the outcome. */
  readonly output: string;
  readonly timeMs: number;
}

/** XML 1.0 has no place for most control characters, U+FFFE and U+FFFF, not even escaped. */
function xml(text: string): string {
  return plain(text)
    .toWellFormed()
    .replace(/[\ufffe\uffff]/g, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

const inSeconds = (ms: number) => (ms / 1000).toFixed(3);

function reasonsOf({ invalid }: PairOutcome): string {
  return brieflyAll(invalid.map(({ message }) => message)) || 'nothing can be said';
}

/** A pair that regressed, or that nothing can be said of, is told as a whole too. */
function verdictCase({ comparison }: CiView, pair: PairOutcome, timeMs: number): TestCase {
  const outcomes = { REGRESSED: 'failure', INVALID: 'error', INCONCLUSIVE: 'skipped' } as const;
  const outcome = pair.verdict === 'OK' || pair.verdict === 'IMPROVED' ? 'passed' : outcomes[pair.verdict];
  const message = pairSentence(comparison, pair);
  const whole = wholeMessages(comparison).flatMap((lines) => ['', ...lines]);
  const output = [message, ...noteTexts(comparison), ...adviceFor(comparison), ...whole].join('\n');
  return { name: 'verdict', outcome, type: pair.verdict, message, output, timeMs };
}

/** Only a gating metric fails or is skipped; the rest is told. */
function metricCase({ comparison }: CiView, pair: PairOutcome, metric: MetricOutcome): TestCase {
  const grade = gradeOf(comparison, pair, metric);
  const name = metric.gating ? metric.metric : `${metric.metric} (told, not judged by)`;
  const sentence = `${grade}: ${metricSentence(metric)}`;
  const told = { name, type: grade, timeMs: 0 };
  if (grade === 'INVALID') {
    const message = `INVALID: ${reasonsOf(pair)}`;
    return { ...told, outcome: 'error', message, output: message };
  }
  if (isUnjudged(metric)) {
    const message = metric.because;
    return { ...told, type: 'NOT_JUDGED', outcome: 'skipped', message, output: message };
  }
  const output = `${sentence}\n${metric.because}`;
  if (!metric.gating || grade === 'OK' || grade === 'IMPROVED') {
    return { ...told, outcome: 'passed', message: sentence, output };
  }
  return { ...told, outcome: grade === 'REGRESSED' ? 'failure' : 'skipped', message: sentence, output };
}

function thresholdCase(pair: PairOutcome, { expression, passed, detail }: ThresholdOutcome): TestCase {
  const told = { name: `threshold ${expression}`, timeMs: 0 };
  if (pair.verdict === 'INVALID') {
    const message = `INVALID: ${reasonsOf(pair)}`;
    return { ...told, outcome: 'error', type: 'INVALID', message, output: message };
  }
  if (passed === null) {
    const message = `not judged: ${detail}`;
    return { ...told, outcome: 'skipped', type: 'NOT_JUDGED', message, output: message };
  }
  const message = `${expression} ${passed ? 'passed' : 'FAILED'}: ${detail}`;
  return { ...told, outcome: passed ? 'passed' : 'failure', type: 'THRESHOLD', message, output: message };
}

/** Names and figures as they are stored: durations in nanoseconds, shares of one. */
function propertiesOf({ comparison, ...view }: CiView, pair: PairOutcome): Array<[string, string]> {
  const { design, judgement, tool, status } = comparison;
  const figures = pair.metrics.flatMap((metric): Array<[string, string | number | null]> => {
    const { base, head, ratio, lower, upper, pRegressed, detectable, delta, floor, gating } = metric;
    const told = {
      verdict: gradeOf(comparison, pair, metric),
      unit: metric.unit,
      gating: String(gating),
      delta,
      floor,
    };
    return Object.entries({ ...told, base, head, ratio, lower, upper, pRegressed, detectable }).map(
      ([key, value]) => [`${metric.metric} ${key}`, value],
    );
  });
  const all: Array<[string, string | number | null]> = [
    ['sockbench version', tool.version],
    ['scenario', view.scenario],
    ['base', labelOf({ comparison, ...view }, 0)],
    ['head', labelOf({ comparison, ...view }, pair.head)],
    ['verdict', pair.verdict],
    ['status', status],
    ['rounds', judgement.rounds],
    ['pairs', pair.pairs],
    ['spoilt pairs', pair.excluded.length],
    ['alpha', design.alpha],
    ...figures,
  ];
  return all.flatMap(([name, value]) => (value === null ? [] : [[name, String(value)]]));
}

function caseLines(className: string, { name, outcome, type, message, output, timeMs }: TestCase): string[] {
  const fault =
    outcome === 'passed'
      ? []
      : outcome === 'skipped'
        ? [`      <skipped message="${xml(message)}"/>`]
        : [`      <${outcome} type="${xml(type)}" message="${xml(message)}">${lines(output)}</${outcome}>`];
  return [
    `    <testcase classname="${xml(className)}" name="${xml(name)}" time="${inSeconds(timeMs)}">`,
    ...fault,
    `      <system-out>${lines(output)}</system-out>`,
    '    </testcase>',
  ];
}

/** Line breaks of ours stay; those of names and messages became U+FFFD. */
const lines = (text: string) => text.split('\n').map(xml).join('\n');

interface Suite {
  readonly name: string;
  readonly className: string;
  readonly properties: ReadonlyArray<readonly [string, string]>;
  readonly cases: readonly TestCase[];
}

function suiteOf(view: CiView, pair: PairOutcome, timeMs: number): Suite {
  const thresholds = view.comparison.thresholds.filter(({ arm }) => arm === pair.head);
  const head = labelOf(view, pair.head);
  return {
    name: `${view.scenario}: ${head} against ${labelOf(view, 0)}`,
    className: `${view.scenario}.${head}`,
    properties: propertiesOf(view, pair),
    cases: [
      verdictCase(view, pair, timeMs),
      ...pair.metrics.map((metric) => metricCase(view, pair, metric)),
      ...thresholds.map((threshold) => thresholdCase(pair, threshold)),
    ],
  };
}

function countsOf(cases: readonly TestCase[]): string {
  const count = (outcome: Outcome) => cases.filter((each) => each.outcome === outcome).length;
  return `tests="${cases.length}" failures="${count('failure')}" errors="${count('error')}"`;
}

function suiteLines({ name, className, properties, cases }: Suite, startedAt: string): string[] {
  const skipped = cases.filter(({ outcome }) => outcome === 'skipped').length;
  const timeMs = cases.reduce((sum, each) => sum + each.timeMs, 0);
  return [
    `  <testsuite name="${xml(name)}" ${countsOf(cases)} skipped="${skipped}" time="${inSeconds(timeMs)}" timestamp="${xml(startedAt)}">`,
    '    <properties>',
    ...properties.map(([key, value]) => `      <property name="${xml(key)}" value="${xml(value)}"/>`),
    '    </properties>',
    ...cases.flatMap((each) => caseLines(className, each)),
    '  </testsuite>',
  ];
}

/**
 * JUnit XML as Jenkins and GitLab read it: a suite for each head; in it a case for the verdict, one for each metric
 * and one for each threshold. REGRESSED and a failed threshold are failures, INVALID is an error, INCONCLUSIVE and a
 * threshold that could not be judged are skipped. The heads took turns, so each is given its share of the time.
 */
export function renderJunit(comparison: Comparison): string {
  const view = ciView(comparison);
  const { heads } = comparison.judgement;
  const suites = heads.map((pair) => suiteOf(view, pair, comparison.durationMs / heads.length));
  const all = suites.flatMap(({ cases }) => cases);
  const name = `sockbench ${comparison.design.command} ${view.scenario}`;
  const startedAt = comparison.startedAt.replace(/\.\d+/, '');
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="${xml(name)}" ${countsOf(all)} time="${inSeconds(comparison.durationMs)}">`,
    ...suites.flatMap((suite) => suiteLines(suite, startedAt)),
    '</testsuites>',
    '',
  ].join('\n');
}
