import { ReasonCounts } from '../measure/reason-counts.ts';
import type { Plan } from '../plan/plan.ts';
import { disruptionText } from './disruption-text.ts';
import { largest } from './order-statistics.ts';
import {
  type DisruptionOutcome,
  MAX_ABSENCES,
  MAX_DISRUPTION_OUTCOMES,
  type StoredAbsence,
  type StoredSpread,
} from './stored-absences.ts';

const ABSENCE_COUNTS = [
  'attempts',
  'replayed',
  'early',
  'missed',
  'lost',
  'duplicated',
  'reordered',
] as const satisfies ReadonlyArray<keyof StoredAbsence>;

/** Sums up absences by the disruption that caused them and its repetition, in the order in which they began. */
export function disruptionOutcomes(
  absences: readonly StoredAbsence[],
  { disruptions }: Pick<Plan, 'disruptions'>,
): DisruptionOutcome[] {
  const single = Map.groupBy(absences, ({ disruption, repetition }) =>
    disruption === null ? 'none' : `${disruption} ${repetition}`,
  );
  const isBounded = single.size <= MAX_DISRUPTION_OUTCOMES;
  const groups = isBounded ? single : Map.groupBy(absences, ({ disruption }) => `${disruption}`);
  return [...groups.values()]
    .flatMap((group) => {
      const [first] = group;
      if (first === undefined) return [];
      const { disruption } = first;
      const planned = disruption === null ? undefined : disruptions[disruption];
      return {
        disruption,
        repetition: isBounded && disruption !== null ? first.repetition : null,
        text: planned === undefined ? null : disruptionText(planned),
        ...sumUp(group),
        untried: planned?.arrival === 'poisson' ? group.filter(isUntried).length : 0,
      };
    })
    .sort((a, b) => a.atMs - b.atMs);
}

const isUntried = ({ attempts }: StoredAbsence) => attempts === 0;

function sumUp(
  group: readonly StoredAbsence[],
): Omit<DisruptionOutcome, 'disruption' | 'repetition' | 'text' | 'untried'> {
  const reasons = new ReasonCounts();
  for (const { reason } of group) reasons.add(reason);
  const failures = new ReasonCounts();
  for (const { backMs, failure } of group) if (backMs === null && failure !== null) failures.add(failure);
  const countOf = (is: (absence: StoredAbsence) => boolean) => group.filter(is).length;
  const sum = (name: (typeof ABSENCE_COUNTS)[number]) => group.reduce((total, each) => total + each[name], 0);
  const fromCut = (end: (absence: StoredAbsence) => number | null) =>
    spreadOf(group, ({ fromMs }) => fromMs, end);
  return {
    atMs: group.reduce((minimum, { fromMs }) => Math.min(minimum, fromMs), Number.POSITIVE_INFINITY),
    clients: group.length,
    back: countOf(({ backMs }) => backMs !== null),
    reasons: reasons.take(),
    failures: failures.take(),
    lastBackMs: largest(group.map(({ backMs }) => backMs)),
    ...openedRates(group),
    away: fromCut(({ backMs }) => backMs),
    offline: fromCut(({ triedMs, connectedMs }) => (connectedMs === null ? null : triedMs)),
    connecting: spreadOf(
      group,
      ({ triedMs }) => triedMs,
      ({ connectedMs }) => connectedMs,
    ),
    joining: spreadOf(
      group,
      ({ connectedMs }) => connectedMs,
      ({ backMs }) => backMs,
    ),
    receiving: fromCut(({ receivingMs }) => receivingMs),
    maxAttempts: largest(group.map(({ attempts }) => attempts)) ?? 0,
    recovered: countOf(({ recovered }) => recovered === true),
    newSessions: countOf(({ recovered }) => recovered === false),
    firstReplayed: fromCut(({ firstReplayedMs }) => firstReplayedMs),
    lastReplayed: fromCut(({ lastReplayedMs }) => lastReplayedMs),
    ...(Object.fromEntries(ABSENCE_COUNTS.map((name) => [name, sum(name)])) as Record<
      (typeof ABSENCE_COUNTS)[number],
      number
    >),
  };
}

const SECOND_MS = 1000;

/** Connections per second that were opened again; a mean only where opening them took time. */
function openedRates(
  group: readonly StoredAbsence[],
): Pick<DisruptionOutcome, 'openedPeakHz' | 'openedMeanHz'> {
  const atMs = group
    .flatMap(({ connectedMs }) => (connectedMs === null ? [] : [connectedMs]))
    .sort((a, b) => a - b);
  const [firstMs = 0, lastMs = 0] = [atMs[0], atMs.at(-1)];
  if (atMs.length === 0) return { openedPeakHz: null, openedMeanHz: null };
  let start = 0;
  let peak = 0;
  for (const [index, ms] of atMs.entries()) {
    while ((atMs[start] ?? ms) <= ms - SECOND_MS) start += 1;
    peak = Math.max(peak, index - start + 1);
  }
  const openedMeanHz = lastMs > firstMs ? ((atMs.length - 1) / (lastMs - firstMs)) * SECOND_MS : null;
  return { openedPeakHz: peak, openedMeanHz };
}

type MomentOfAbsence = (absence: StoredAbsence) => number | null;

/** The time between two moments of each absence that has both. Quantiles are exact: the value at the rank. */
function spreadOf(
  group: readonly StoredAbsence[],
  start: MomentOfAbsence,
  end: MomentOfAbsence,
): StoredSpread {
  const timesMs = group
    .flatMap((absence) => {
      const [from, to] = [start(absence), end(absence)];
      return from === null || to === null ? [] : [Math.max(0, to - from)];
    })
    .sort((a, b) => a - b);
  const at = (quantile: number) => timesMs[Math.ceil(quantile * timesMs.length) - 1] ?? null;
  return { p50Ms: at(0.5), p95Ms: at(0.95), lastMs: timesMs.at(-1) ?? null };
}

/** How long an absence lasted; infinite for one that did not end. */
function lengthOf({ fromMs, backMs }: StoredAbsence): number {
  return backMs === null ? Number.POSITIVE_INFINITY : backMs - fromMs;
}

/** The absences that a result lists: all, or those that lasted the longest; in the order in which they began. */
export function boundAbsences(absences: readonly StoredAbsence[]): StoredAbsence[] {
  const kept =
    absences.length <= MAX_ABSENCES
      ? [...absences]
      : absences.toSorted((a, b) => lengthOf(b) - lengthOf(a) || 0).slice(0, MAX_ABSENCES);
  return kept.sort((a, b) => a.fromMs - b.fromMs || a.client - b.client);
}
