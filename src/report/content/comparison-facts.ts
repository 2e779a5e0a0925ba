import type { Comparison, PairOutcome } from '../../result/comparison.ts';
import type { RunResult } from '../../result/run-result.ts';
import { plural } from '../../text.ts';
import { formatDurationMs, formatPercent } from '../../units.ts';
import { plain } from '../plain.ts';
import { briefly } from './brief.ts';
import { isEarly } from './comparison-grade.ts';
import { armName, listed } from './comparison-names.ts';
import { valueText } from './comparison-numbers.ts';
import { environmentFacts, type Fact, loadText } from './run-facts.ts';
import { formatValue } from './table.ts';

/** The first result of each arm; null for one that never had any. */
function firstResults({ design, rounds }: Comparison): Array<RunResult | null> {
  return design.arms.map((_, arm) => {
    const runs = rounds.flatMap((round) => round.runs.filter((run) => run.arm === arm));
    return runs.find(({ result }) => result !== null)?.result ?? null;
  });
}

/** One text for all arms where they agree, else each with its name. */
function agreed(comparison: Comparison, texts: ReadonlyArray<string | null>): string {
  const known = texts.filter((text) => text !== null);
  if (new Set(known).size <= 1) return known[0] ?? '-';
  return texts.map((text, arm) => `${armName(comparison, arm)}: ${text ?? '-'}`).join('; ');
}

const ORDINALS = ['first', 'second', 'third'];

function looksText(comparison: Comparison): string {
  const { design, judgement } = comparison;
  const isInTurn = design.baseline === null;
  const looks = design.looks.map(
    ({ rounds, alpha }) => `after ${rounds}${isInTurn ? ` at ${formatPercent(alpha)}` : ''}`,
  );
  const alarms = isInTurn ? ' false alarms by ratios' : '';
  if (looks.length === 1) return `one, ${looks.join('')}${alarms}`;
  const which = ORDINALS[judgement.look] ?? 'last';
  const decided = isEarly(comparison) ? 'none was reached' : `the ${which} decided`;
  return `${listed(looks)}${alarms}${isInTurn ? `, ${formatPercent(design.alpha)} in all` : ''}; ${decided}`;
}

function roundsText({ design, rounds, judgement }: Comparison): string {
  const most = design.looks.at(-1)?.rounds ?? 0;
  return `${rounds.length} of at most ${most}; judged by the first ${judgement.rounds}`;
}

/** How the comparison was laid out. */
export function designFacts(comparison: Comparison): Fact[] {
  const { design, startedAt, durationMs, commandLine, tool } = comparison;
  const loads = firstResults(comparison).map((result) => (result === null ? null : loadText(result)));
  const facts: ReadonlyArray<Fact> = [
    ...design.arms.map(({ spec }, arm): Fact => [armName(comparison, arm), spec]),
    ...(design.baseline === null ? [] : [['baseline', design.baseline] as const]),
    ['load', agreed(comparison, loads)],
    ['rounds', roundsText(comparison)],
    ['looks', looksText(comparison)],
    ...(design.baseline === null
      ? [['order', `of the arms anew in each round, seed ${design.seed}`] as const]
      : []),
    ['invalid', `with more than ${formatPercent(design.maxInvalidShare)} of the pairs spoilt`],
    ['command line', commandLine.join(' ') || '-'],
    ['started', `${startedAt}, took ${formatDurationMs(durationMs)}, sockbench ${tool.version}`],
  ];
  return facts.map(([name, text]) => [plain(name), plain(text)]);
}

/** What each run says for itself. */
const OF_ONE_RUN: ReadonlySet<string> = new Set([
  'started',
  'took',
  'command line',
  'sockbench',
  'CPU steal',
  'throttled',
  'CPU pressure',
  'snapshot cost',
]);

/** The highest of all runs. */
function mostText(
  results: readonly RunResult[],
  pick: (environment: RunResult['environment']) => number | null,
  format: (value: number) => string,
): string {
  const known = results.map(({ environment }) => pick(environment)).filter((value) => value !== null);
  return known.length === 0 ? '-' : `${format(Math.max(...known))} at most in a run`;
}

/** Where and with what the arms ran, by the first result of each; and what disturbed any run. */
export function machineFacts(comparison: Comparison): Fact[] {
  const byArm = firstResults(comparison).map(
    (result) => new Map(result === null ? [] : environmentFacts(result)),
  );
  const names = [...new Set(byArm.flatMap((facts) => [...facts.keys()]))];
  const results = comparison.rounds
    .flatMap(({ runs }) => runs.map(({ result }) => result))
    .filter((result) => result !== null);
  const share = (value: number) => formatValue('share', value);
  const same = names
    .filter((name) => !OF_ONE_RUN.has(name))
    .map(
      (name): Fact => [
        name,
        agreed(
          comparison,
          byArm.map((facts) => facts.get(name) ?? null),
        ),
      ],
    );
  if (results.length === 0) return same;
  return [
    ...same,
    ['CPU steal', mostText(results, ({ stealRatio }) => stealRatio, share)],
    ['CPU pressure', mostText(results, ({ cpuPressureRatio }) => cpuPressureRatio, share)],
    ['throttled', mostText(results, ({ throttledMs }) => throttledMs, formatDurationMs)],
  ];
}

/** Which pairs were spoilt and why: `rounds 3 and 5: head: send_lag: the generator sent late ...`. */
export function excludedTexts(comparison: Comparison, { excluded }: PairOutcome): string[] {
  const reasons = excluded.flatMap(({ round, reasons }) => reasons.map((reason) => ({ round, ...reason })));
  const groups = Map.groupBy(reasons, ({ arm, code }) => `${arm} ${code}`);
  return [...groups.values()].map((each) => {
    const [first] = each;
    if (first === undefined) return '';
    const rounds = [...new Set(each.map(({ round }) => String(round)))];
    const when = `${rounds.length === 1 ? 'round' : 'rounds'} ${listed(rounds)}`;
    const messages = new Set(each.map(({ message }) => message));
    const such = messages.size === 1 ? '' : 'such as ';
    return `${when}: ${armName(comparison, first.arm)}: ${plain(first.code)}: ${such}${briefly(first.message)}`;
  });
}

/** Pairs of arms of which neither surely comes before the other. */
function undecided(places: Places): Array<readonly [number, number]> {
  return places.flatMap((place, index) =>
    places
      .slice(index + 1)
      .filter((other) => !place.beats.includes(other.arm) && !other.beats.includes(place.arm))
      .map((other) => [place.arm, other.arm] as const),
  );
}

type Places = NonNullable<Comparison['judgement']['ranking']>['places'];

/**
 * `by delivery.p50: 1. ws (1.2 ms); 2. socketio (1.5 ms), bun-ws (1.5 ms)`, and who cannot be told apart; empty
 * without a ranking.
 */
export function rankingTexts(comparison: Comparison): string[] {
  const { design, judgement } = comparison;
  const { ranking } = judgement;
  if (ranking === null) return [];
  const rule = design.rules.find(({ metric }) => metric === ranking.metric);
  const valued = ({ arm, value }: Places[number]) =>
    `${armName(comparison, arm)}${rule === undefined || value === null ? '' : ` (${valueText(rule, value)})`}`;
  const groups = [...Map.groupBy(ranking.places, ({ rank }) => rank)].sort(([a], [b]) => a - b);
  const told = groups.map(([rank, places]) => `${rank}. ${places.map(valued).join(', ')}`);
  const alike = undecided(ranking.places).map(
    ([a, b]) => `${armName(comparison, a)} and ${armName(comparison, b)} cannot be told apart`,
  );
  const sure = alike.length === 0 ? ['every difference between two of them is real'] : alike;
  return [`by ${plain(ranking.metric)}: ${told.join('; ')}`, ...sure];
}

/** `socketio against ws: 20 pairs, 1 spoilt` */
export function pairTitle(comparison: Comparison, pair: PairOutcome): string {
  const excluded = pair.excluded.length === 0 ? '' : `, ${pair.excluded.length} more spoilt`;
  return `${armName(comparison, pair.head)} against ${armName(comparison, 0)}: ${plural(pair.pairs, 'valid pair')}${excluded}`;
}
