import type { Comparison, MetricOutcome, PairOutcome } from '../../result/comparison.ts';
import { FINDINGS } from '../../result/findings.ts';
import { remediesOf } from '../../result/remedies.ts';
import { list, plural } from '../../text.ts';
import { formatDurationMs, formatPercent } from '../../units.ts';
import { briefly, isCut, messageLines } from '../plain.ts';
import { faultTexts } from './comparison-effects.ts';
import {
  armName,
  baseName,
  gatingOf,
  gradeOf,
  INFORMATIONAL_TITLE,
  isUnjudged,
  metricSentence,
  valueText,
} from './comparison-metrics.ts';
import { driftText, overloadText, pairSentence } from './comparison-verdict.ts';
import { thresholdText } from './run-verdict.ts';

/** How the arms ran, in one or two sentences. */
export function turnsText(comparison: Comparison): string {
  const { design } = comparison;
  const running = design.arms.flatMap(({ plan: { target } }, arm) =>
    target.exec === null && target.reference === null ? [armName(comparison, arm)] : [],
  );
  const names = design.arms.map((_, arm) => armName(comparison, arm));
  const order =
    design.baseline === null
      ? `${list(names)} ran in turn in every round`
      : `${baseName(comparison)} is stored: it was measured at another time`;
  if (running.length === 0) return `${order}. Every run had fresh processes.`;
  const servers = running.length === 1 ? 'The server of' : 'The servers of';
  return `${order}. ${servers} ${list(running)} ran already: only the load was started anew.`;
}

const STORED_BASE =
  'the base was measured at another time, not in turn with the head: a change of the machine since then is part of the difference';

/** What limits the use of a comparison: its notes, overloaded servers, latency that drifted, and a base measured at another time. */
export function limitTexts(comparison: Comparison, beforeNotes = ''): string[] {
  return [
    ...comparison.notes.map(({ message }) => `${beforeNotes}${briefly(message)}`),
    overloadText(comparison),
    driftText(comparison),
    comparison.design.baseline === null ? null : STORED_BASE,
  ].filter((text) => text !== null);
}

/** The same where other texts stand beside them, so that notes are named. */
export const noteTexts = (comparison: Comparison): string[] => limitTexts(comparison, 'note: ');

/** The informational metrics that got worse, the worst first. */
function informationalTexts(comparison: Comparison, pair: PairOutcome): string[] {
  const distance = ({ ratio }: MetricOutcome) => Math.abs(Math.log(ratio ?? 1));
  return pair.metrics
    .filter((metric) => !metric.gating && gradeOf(comparison, pair, metric) === 'REGRESSED')
    .toSorted((a, b) => distance(b) - distance(a))
    .map((metric) => `${INFORMATIONAL_TITLE}: ${metricSentence(metric)}`);
}

/** The notes below the verdict: circumstances, each head of several, thresholds, metrics without values, next steps. */
export function comparisonNotes(comparison: Comparison): string[] {
  const { heads, effects } = comparison.judgement;
  const isAlone = heads.length === 1;
  // The table of combinations says it of factors.
  const listed = effects === null ? heads : [];
  const unjudged = heads.flatMap(({ metrics }) => metrics.filter(isUnjudged));
  return [
    ...noteTexts(comparison),
    ...(effects === null ? [] : faultTexts(comparison)),
    ...(isAlone ? [] : listed.map((pair) => pairSentence(comparison, pair))),
    ...comparison.thresholds.map(
      (threshold) => `${isAlone ? '' : `${armName(comparison, threshold.arm)}: `}${thresholdText(threshold)}`,
    ),
    ...new Set(unjudged.map(({ metric, because }) => `${metric}: ${because}`)),
    ...listed.flatMap((pair) => informationalTexts(comparison, pair)),
    ...adviceFor(comparison).map((advice) => `next: ${advice}`),
  ];
}

/** Excluded pairs by arm and code: `rounds 3 and 5: head: send_lag: sends were late by 12 ms`. */
export function excludedTexts(comparison: Comparison, { excluded }: PairOutcome): string[] {
  const reasons = excluded.flatMap(({ round, reasons }) => reasons.map((reason) => ({ round, ...reason })));
  const groups = Map.groupBy(reasons, ({ arm, code }) => `${arm} ${code}`);
  return [...groups.values()].flatMap((each) => {
    const rounds = [...new Set(each.map(({ round }) => String(round)))];
    const example = new Set(each.map(({ message }) => message)).size === 1 ? '' : 'for example: ';
    return each.slice(0, 1).map(({ arm, code, message }) => {
      const where = `${rounds.length === 1 ? 'round' : 'rounds'} ${list(rounds)}`;
      return `${where}: ${armName(comparison, arm)}: ${code}: ${example}${briefly(message)}`;
    });
  });
}

/** Messages that other parts of the report shorten, such as the last output of a server, line by line. */
export function wholeMessages({ judgement, notes }: Comparison): string[][] {
  const findings = judgement.heads.flatMap(({ invalid, excluded }) => [
    ...(isCut(...invalid.map(({ message }) => message)) ? invalid : []),
    ...[...excluded.flatMap(({ reasons }) => reasons), ...notes].filter(({ message }) => isCut(message)),
  ]);
  const messages = [...new Set(findings.map(({ message }) => message))];
  return messages
    .filter((message) => !messages.some((other) => other !== message && other.includes(message)))
    .map(messageLines);
}

type Places = NonNullable<Comparison['judgement']['ranking']>['places'];

/** Pairs of arms whose order is not significant. */
function undecidedPairs(places: Places): Array<readonly [number, number]> {
  return places.flatMap((place, index) =>
    places
      .slice(index + 1)
      .filter((other) => !place.beats.includes(other.arm) && !other.beats.includes(place.arm))
      .map((other) => [place.arm, other.arm] as const),
  );
}

/** `by delivery.p50: 1. ws (1.2 ms); 2. socketio (1.5 ms)`, and how significant the order is; nothing for two arms. */
export function rankingTexts(comparison: Comparison): string[] {
  const { design, judgement } = comparison;
  const { ranking } = judgement;
  if (ranking === null) return [];
  const rule = design.rules.find(({ metric }) => metric === ranking.metric);
  const valued = ({ arm, value }: Places[number]) =>
    `${armName(comparison, arm)}${rule === undefined || value === null ? '' : ` (${valueText(rule, value)})`}`;
  const groups = [...Map.groupBy(ranking.places, ({ rank }) => rank)].sort(([a], [b]) => a - b);
  const ranks = groups.map(([rank, places]) => `${rank}. ${places.map(valued).join(', ')}`);
  const order = `by ${ranking.metric}: ${ranks.join('; ')}`;
  const {
    minRounds,
    places: { length },
  } = ranking;
  if (minRounds !== null && judgement.rounds < minRounds) {
    const short = `${plural(judgement.rounds, 'round')} are too few for a significant ranking of ${length} arms`;
    return [order, `sorted by estimates: ${short}; the minimum is ${minRounds}`];
  }
  const alike = undecidedPairs(ranking.places).map(
    ([a, b]) => `${armName(comparison, a)} and ${armName(comparison, b)} do not differ significantly`,
  );
  const level = `all pairs of arms tested together at alpha ${formatPercent(design.alpha)}`;
  return [order, ...(alike.length === 0 ? [`the order is significant: ${level}`] : [...alike, level])];
}

const FIX_AND_REPEAT = 'fix what excluded the rounds, then compare again';
const BUILD_BASE =
  "if the base did not start: a checkout of --base-ref holds only what git tracks; build it with --base-install 'npm ci && npm run build', and provide files that git ignores, such as .env";

/** Whether the base is a checkout: both arms then have the same command, in different folders. */
function isFromRef({ design }: Comparison): boolean {
  const [base, head] = design.arms;
  const command = base?.plan.target.exec;
  return (
    design.command === 'gate' &&
    design.baseline === null &&
    typeof command === 'string' &&
    command === head?.plan.target.exec &&
    base?.spec !== command
  );
}

/** Remedies for the findings that made a head INVALID, the most frequent first. */
function remediesOfInvalid(comparison: Comparison): string[] {
  const findings = comparison.judgement.heads
    .filter(({ verdict }) => verdict === 'INVALID')
    .flatMap(({ invalid, excluded }) => [...invalid, ...excluded.flatMap(({ reasons }) => reasons)]);
  if (findings.length === 0) return [];
  const known = findings.map(({ code }) => FINDINGS[code].remedy).filter((remedy) => remedy !== '');
  const byRemedy = [...Map.groupBy(known, (remedy) => remedy)].sort(([, a], [, b]) => b.length - a.length);
  const remedies = byRemedy.map(([remedy]) => remedy);
  if (remedies.length === 0) return [FIX_AND_REPEAT];
  const isUnstarted = remedies.includes(FINDINGS.server_start.remedy);
  return isUnstarted && isFromRef(comparison) ? [...remedies, BUILD_BASE] : remedies;
}

/** The fewest rounds that are worth advising: with fewer, hardly any comparison is conclusive. */
const MIN_ADVISED_ROUNDS = 15;
/** The most rounds that a comparison accepts. */
const MAX_ROUNDS = 500;

/** What would make INCONCLUSIVE metrics conclusive: more rounds where rounds differ, more messages where they lack. */
function remediesOfInconclusive({ design, judgement }: Comparison): string[] {
  if (judgement.effects !== null) {
    const rounds = Math.max(MIN_ADVISED_ROUNDS, judgement.effects.minRounds);
    return judgement.verdict === 'INCONCLUSIVE'
      ? [`for intervals: use more rounds (--rounds ${rounds})`]
      : [];
  }
  const metrics = judgement.heads
    .filter(({ verdict, pairs }) => verdict === 'INCONCLUSIVE' && pairs > 0)
    .flatMap(gatingOf)
    .filter(({ verdict }) => verdict === 'INCONCLUSIVE');
  const names = (those: typeof metrics) => list(new Set(those.map(({ metric }) => metric)));
  const noisy = names(metrics.filter(({ points }) => points.length > 0));
  const scarce = names(metrics.filter(({ points }) => points.length === 0));
  const rounds = Math.min(MAX_ROUNDS, Math.max(MIN_ADVISED_ROUNDS, 2 * (design.looks.at(-1)?.rounds ?? 1)));
  const duration = formatDurationMs(2 * Math.max(...design.arms.map(({ plan }) => plan.durationMs)));
  const more =
    design.baseline === null
      ? `use more rounds (--rounds ${rounds}), or a quieter machine`
      : `measure the base beside the head (--base-exec CMD or --base-ref REF) with more rounds (--rounds ${rounds})`;
  return [
    ...(noisy === '' ? [] : [`to decide ${noisy}: ${more}`]),
    ...(scarce === ''
      ? []
      : [`to decide ${scarce}: increase the rate (--rate), or use longer rounds (--duration ${duration})`]),
  ];
}

/** For a gate that failed. */
function remedyOfRegression({ judgement }: Comparison): string {
  const regressed = judgement.heads
    .filter(({ verdict }) => verdict === 'REGRESSED')
    .flatMap(({ metrics }) => metrics)
    .filter(({ verdict, gating, kind }) => verdict === 'REGRESSED' && gating && kind === 'ratio');
  const flags = [...new Set(regressed.map(({ metric }) => `--metric ${metric}:GROWTH`))].join(' ');
  return `fix the head${flags === '' ? '' : `, or tolerate more: ${flags}`}`;
}

/** What to do next, one clause each; nothing when there is nothing to do. */
export function adviceFor(comparison: Comparison): string[] {
  const { design, judgement, status } = comparison;
  const isRegressed = judgement.heads.some(({ verdict }) => verdict === 'REGRESSED');
  const invalid = remediesOfInvalid(comparison);
  return [
    ...invalid,
    ...(isRegressed && design.command === 'gate' ? [remedyOfRegression(comparison)] : []),
    // A comparison that was interrupted would have had more rounds.
    ...(status === 'complete'
      ? remediesOfInconclusive(comparison)
      : invalid.length === 0
        ? [FINDINGS.interrupted.remedy]
        : []),
    ...remediesOf(comparison.notes),
  ];
}

/** `socketio vs ws: 20 valid pairs, 1 excluded` */
export function pairTitle(comparison: Comparison, pair: PairOutcome): string {
  const excluded = pair.excluded.length === 0 ? '' : `, ${pair.excluded.length} excluded`;
  return `${armName(comparison, pair.head)} vs ${baseName(comparison)}: ${plural(pair.pairs, 'valid pair')}${excluded}`;
}
