import type { Comparison, MetricOutcome, PairOutcome } from '../../result/comparison.ts';
import { plural } from '../../text.ts';
import { cut } from '../content/brief.ts';
import { armName, gatingOf, gradeOf, isEarly, metricSentence } from '../content/comparison-metrics.ts';
import { overloadText } from '../content/comparison-notes.ts';
import { pairSentence } from '../content/comparison-verdict.ts';
import { plain } from '../plain.ts';

/** GitHub shows so many of one step. */
const AT_MOST = 10;
/** GitHub cuts what is longer. */
const TITLE_CHARACTERS = 200;
const MESSAGE_CHARACTERS = 4000;

const LEVELS = ['error', 'warning', 'notice'] as const;

interface Annotation {
  readonly level: (typeof LEVELS)[number];
  readonly title: string;
  readonly message: string;
}

/** Escapes as the runner's ActionCommand takes back: `%` first, lest it be undone twice. */
function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

function commandLine({ level, title, message }: Annotation): string {
  const property = escapeProperty(cut(plain(title), TITLE_CHARACTERS));
  return `::${level} title=${property}::${escapeData(cut(plain(message), MESSAGE_CHARACTERS))}`;
}

function ofMetric(comparison: Comparison, pair: PairOutcome, metric: MetricOutcome): Annotation[] {
  const grade = gradeOf(comparison, pair, metric);
  if (grade === 'OK' || grade === 'INVALID') return [];
  const level = ({ REGRESSED: 'error', INCONCLUSIVE: 'warning', IMPROVED: 'notice' } as const)[grade];
  const sentence = metricSentence(metric);
  // One that cannot be told says why itself.
  const message = sentence.includes(metric.because) ? sentence : `${sentence}: ${metric.because}`;
  return [{ level, title: `${grade}: ${metric.metric} of ${armName(comparison, pair.head)}`, message }];
}

/** One for each gating metric that is not OK; for a pair that nothing can be said of, one in all. */
function ofPair(comparison: Comparison, pair: PairOutcome): Annotation[] {
  if (pair.verdict === 'INVALID') {
    const title = `INVALID: ${armName(comparison, pair.head)}`;
    return [{ level: 'error', title, message: pairSentence(comparison, pair) }];
  }
  const each = isEarly(comparison)
    ? []
    : gatingOf(pair).flatMap((metric) => ofMetric(comparison, pair, metric));
  if (pair.verdict !== 'INCONCLUSIVE' || each.some(({ level }) => level === 'warning')) return each;
  const title = `INCONCLUSIVE: ${armName(comparison, pair.head)}`;
  return [...each, { level: 'warning', title, message: pairSentence(comparison, pair) }];
}

function ofThreshold(
  comparison: Comparison,
  { arm, expression, passed, detail }: Comparison['thresholds'][number],
): Annotation[] {
  if (passed === true) return [];
  const of = comparison.judgement.heads.length === 1 ? '' : ` of ${armName(comparison, arm)}`;
  return passed === null
    ? [{ level: 'warning', title: `threshold${of} not judged: ${expression}`, message: detail }]
    : [
        {
          level: 'error',
          title: `threshold${of} FAILED: ${expression}`,
          message: `${expression} was ${detail}`,
        },
      ];
}

function ofOverload(comparison: Comparison): Annotation[] {
  const message = overloadText(comparison);
  return message === null ? [] : [{ level: 'warning', title: 'SERVER OVERLOADED', message }];
}

/** The gravest first; the last place tells of those that there was none for. */
function mostSevere(annotations: readonly Annotation[]): Annotation[] {
  const sorted = annotations.toSorted((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level));
  if (sorted.length <= AT_MOST) return sorted;
  const rest = sorted.slice(AT_MOST - 1);
  const level = rest[0]?.level ?? 'notice';
  const title = `and ${plural(rest.length, 'more finding')}`;
  return [...sorted.slice(0, AT_MOST - 1), { level, title, message: 'The summary of this step tells all.' }];
}

/** Workflow commands for the log of a step in GitHub Actions, one line each; empty when all is well. */
export function renderGithubAnnotations(comparison: Comparison): string {
  const annotations = [
    ...comparison.judgement.heads.flatMap((pair) => ofPair(comparison, pair)),
    ...comparison.thresholds.flatMap((threshold) => ofThreshold(comparison, threshold)),
    ...ofOverload(comparison),
  ];
  return mostSevere(annotations)
    .map((annotation) => `${commandLine(annotation)}\n`)
    .join('');
}
