import type { Comparison, MetricOutcome, PairOutcome } from '../../result/comparison.ts';
import { plural } from '../../text.ts';
import { formatPercent } from '../../units.ts';
import { comparisonReport } from '../content/comparison.ts';
import { armName, gatingOf, gradeOf, isEarly, metricSentence } from '../content/comparison-metrics.ts';
import { turnsText } from '../content/comparison-notes.ts';
import { comparisonSeverity, overloadText, pairSentence } from '../content/comparison-verdict.ts';
import { cut, plain } from '../plain.ts';
import { escapeMarkdown, renderMarkdown } from '../render/markdown.ts';

/** GitHub shows this many annotations of one step. */
const MAX_ANNOTATIONS = 10;
/** GitHub cuts longer texts. */
const TITLE_CHARACTERS = 200;
const MESSAGE_CHARACTERS = 4000;

const LEVELS = ['error', 'warning', 'notice'] as const;

interface Annotation {
  readonly level: (typeof LEVELS)[number];
  readonly title: string;
  readonly message: string;
}

/** Escapes as ActionCommand of the runner unescapes: `%` first, so that it is not escaped twice. */
function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function commandLine({ level, title, message }: Annotation): string {
  const property = escapeData(cut(plain(title), TITLE_CHARACTERS))
    .replaceAll(':', '%3A')
    .replaceAll(',', '%2C');
  return `::${level} title=${property}::${escapeData(cut(plain(message), MESSAGE_CHARACTERS))}`;
}

function ofMetric(comparison: Comparison, pair: PairOutcome, metric: MetricOutcome): Annotation[] {
  const grade = gradeOf(comparison, pair, metric);
  if (grade === 'OK' || grade === 'INVALID') return [];
  const level = ({ REGRESSED: 'error', INCONCLUSIVE: 'warning', IMPROVED: 'notice' } as const)[grade];
  const sentence = metricSentence(metric);
  const message = sentence.includes(metric.because) ? sentence : `${sentence}: ${metric.because}`;
  return [{ level, title: `${grade}: ${metric.metric} of ${armName(comparison, pair.head)}`, message }];
}

/** One annotation for each gating metric that is not OK; one in all for a pair without judged metrics. */
function ofPair(comparison: Comparison, pair: PairOutcome): Annotation[] {
  const { verdict } = pair;
  const whole = {
    title: `${verdict}: ${armName(comparison, pair.head)}`,
    message: pairSentence(comparison, pair),
  };
  if (verdict === 'INVALID') return [{ level: 'error', ...whole }];
  const each = isEarly(comparison)
    ? []
    : gatingOf(pair).flatMap((metric) => ofMetric(comparison, pair, metric));
  const isExplained = verdict !== 'INCONCLUSIVE' || each.some(({ level }) => level === 'warning');
  return isExplained ? each : [...each, { level: 'warning', ...whole }];
}

function ofThreshold(
  comparison: Comparison,
  { arm, expression, passed, detail }: Comparison['thresholds'][number],
): Annotation[] {
  const name = `threshold${comparison.judgement.heads.length === 1 ? '' : ` of ${armName(comparison, arm)}`}`;
  if (passed === null)
    return [{ level: 'warning', title: `${name} not judged: ${expression}`, message: detail }];
  if (passed) return [];
  return [{ level: 'error', title: `${name} FAILED: ${expression}`, message: `${expression} was ${detail}` }];
}

/** The most severe first; the last place counts those that have none. */
function firstTen(annotations: readonly Annotation[]): Annotation[] {
  const sorted = annotations.toSorted((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level));
  if (sorted.length <= MAX_ANNOTATIONS) return sorted;
  const rest = sorted.slice(MAX_ANNOTATIONS - 1);
  const level = rest[0]?.level ?? 'notice';
  const title = `and ${plural(rest.length, 'more finding')}`;
  return [
    ...sorted.slice(0, MAX_ANNOTATIONS - 1),
    { level, title, message: 'The step summary lists all of them.' },
  ];
}

/** Renders workflow commands for the log of a GitHub step, one per line; empty when nothing needs attention. */
export function renderGithubAnnotations(comparison: Comparison): string {
  const overload = overloadText(comparison);
  const annotations: Annotation[] = [
    ...comparison.judgement.heads.flatMap((pair) => ofPair(comparison, pair)),
    ...comparison.thresholds.flatMap((threshold) => ofThreshold(comparison, threshold)),
    ...(overload === null
      ? []
      : [{ level: 'warning', title: 'SERVER OVERLOADED', message: overload } as const]),
  ];
  return firstTen(annotations)
    .map((annotation) => `${commandLine(annotation)}\n`)
    .join('');
}

/** GitHub rejects summaries of 1 MiB, and a step may have others beside this one. */
const MAX_SUMMARY_BYTES = 512 * 1024;

/** The sign of each severity, before a verdict. */
export const EMOJI = { good: '✅', warning: '⚠️', bad: '❌' } as const;

const CUT = '*Cut here: GitHub shows no more. The other reports are complete.*';

function howToRead(comparison: Comparison): string[] {
  const { command, alpha, baseline } = comparison.design;
  const alike = command === 'gate' ? 'Equal builds' : 'Equal arms';
  const share = formatPercent(alpha);
  const errors =
    baseline === null
      ? `${alike} are called REGRESSED by ratios in at most ${share} of comparisons, and by counts in at most another ${share}.`
      : 'The base was measured at another time. Any change of the machine since then is part of the ratio, so the false-alarm rate is unknown.';
  return [
    '### How to read this',
    '',
    `- ${escapeMarkdown(turnsText(comparison))} The ratio is head over base.`,
    '- **REGRESSED**: the whole interval of the ratio is above the tolerance. **OK**: the interval, or the absolute difference, is within the tolerance. **IMPROVED**: the whole interval is below the tolerance of the opposite direction. **INCONCLUSIVE**: the interval is on both sides of the tolerance. **INVALID**: too many runs were invalid.',
    '- Counts, such as lost messages, have no interval. Where the base has none, the head may have none. Counts too rare to judge are INCONCLUSIVE.',
    `- ${errors}`,
    '- Informational metrics do not change the verdict.',
  ];
}

/** Ends the fenced block and the fold that a cut went through. */
function closing(kept: readonly string[]): string[] {
  const fences = kept.filter((line) => line.startsWith('```')).length;
  const opened = kept.filter((line) => line.startsWith('<details>')).length;
  const closed = kept.filter((line) => line === '</details>').length;
  return [...(fences % 2 === 1 ? ['```'] : []), ...(opened > closed ? ['', '</details>'] : [])];
}

/** Keeps as many whole lines as GitHub takes, and says so where some are missing. */
function cutToFit(lines: readonly string[]): string[] {
  const ending = [...closing(['<details>', '```']), '', CUT, ''].join('\n');
  let room = MAX_SUMMARY_BYTES - Buffer.byteLength(ending);
  const end = lines.findIndex((line) => {
    room -= Buffer.byteLength(line) + 1;
    return room < 0;
  });
  if (end === -1) return [...lines];
  const kept = lines.slice(0, end);
  return [...kept, ...closing(kept), '', CUT];
}

/** Renders Markdown for $GITHUB_STEP_SUMMARY: the report and how to read it, always below 1 MiB. */
export function renderGithubSummary(comparison: Comparison): string {
  const report = `${EMOJI[comparisonSeverity(comparison)]} ${renderMarkdown(comparisonReport(comparison))}`;
  return `${cutToFit([...report.trimEnd().split('\n'), '', ...howToRead(comparison)]).join('\n')}\n`;
}
