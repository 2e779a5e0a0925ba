/**
 * A second program that judges a rounds.json, written from docs/comparing.md and importing nothing of sockbench. Where
 * both programs say the same, the page says enough.
 */
import { estimate, levels, lowerBound, minus, pAbove, upperBound } from './ranks.ts';
import { ascending, type Finding, metricOf, type Result, sum } from './values.ts';

interface Run {
  readonly arm: number;
  readonly result: Result | null;
  readonly error: Finding | null;
}
interface Round {
  readonly round: number;
  readonly runs: readonly Run[];
}
interface Rule {
  readonly metric: string;
  readonly unit: string;
  readonly kind: string;
  readonly gating: boolean;
  readonly optional: boolean;
  readonly delta: number;
  readonly floor: number;
}
interface Stored {
  readonly design: {
    readonly arms: readonly unknown[];
    readonly looks: readonly { readonly rounds: number; readonly alpha: number }[];
    readonly alpha: number;
    readonly maxInvalidShare: number;
    readonly rules: readonly Rule[];
    readonly baseline: string | null;
  };
  readonly rounds: readonly Round[];
}

type Pair = readonly [base: Result, head: Result];
type Point = readonly [base: number, head: number];

/** The quantile up to which latencies have to be right for a metric. */
function quantileOf(metric: string): number {
  const percent = /\.p([\d.]+)$/.exec(metric)?.[1];
  return percent === undefined ? (/\.(mean|max)$/.test(metric) ? 1 : 0) : Number(percent) / 100;
}

/** Whether what invalidates a run leaves latencies up to a quantile alone. */
const isRight = ({ invalid }: Result, upTo: number) =>
  invalid.every(({ soundUpTo }) => soundUpTo !== undefined && soundUpTo >= upTo);

function highestGating(rules: readonly Rule[]): number {
  const gating = rules.filter((rule) => rule.gating && rule.kind === 'ratio');
  return Math.max(0, ...gating.map(({ metric }) => quantileOf(metric)));
}

function pointsOf({ metric }: Rule, pairs: readonly Pair[], mostLacking: number): Point[] {
  const right = pairs.filter((pair) => pair.every((result) => isRight(result, quantileOf(metric))));
  const points = right.flatMap(([ofBase, ofHead]): Point[] => {
    const [base, head] = [metricOf(metric, ofBase), metricOf(metric, ofHead)];
    return base === null || head === null ? [] : [[base, head]];
  });
  return pairs.length - points.length > mostLacking * pairs.length ? [] : points;
}

const signOf = ({ unit }: Rule) => (unit === 'rate' ? -1 : 1);
const logsOf = (rule: Rule, points: readonly Point[]) =>
  points.flat().includes(0) ? [] : points.map(([base, head]) => signOf(rule) * Math.log(head / base));

function countOutcome({ metric }: Rule, points: readonly Point[], alpha: number) {
  const d = points.map(([base, head]) => head - base);
  const [ofBase, ofHead] = [sum(points.map(([base]) => base)), sum(points.map(([, head]) => head))];
  const [pRegressed, pImproved] = [pAbove(d, 0), pAbove(minus(d), 0)];
  const verdict = () => {
    if (points.length === 0) return 'INCONCLUSIVE';
    if (ofBase === 0 && ofHead === 0) return 'OK';
    if (pRegressed <= alpha) return 'REGRESSED';
    if (pImproved <= alpha) return 'IMPROVED';
    if (ofHead === 0) return 'OK';
    return pAbove(
      points.map(([base, head]) => 1.25 * base - head),
      0,
    ) <= alpha
      ? 'OK'
      : 'INCONCLUSIVE';
  };
  const common = { metric, verdict: verdict(), pRegressed, pImproved, lowerAlpha: alpha, upperAlpha: alpha };
  return {
    ...common,
    points: points.length,
    ratio: null,
    lower: null,
    upper: null,
    difference: d.length === 0 ? null : estimate(d),
  };
}

function ratioOutcome(
  rule: Rule,
  points: readonly Point[],
  { worse: lowerAlpha, better, ok }: Record<'worse' | 'better' | 'ok', number>,
) {
  const [x, sign] = [logsOf(rule, points), signOf(rule)];
  const [half, once, twice] = [0.5, 1, 2].map((times) => Math.log(1 + times * rule.delta)) as [
    number,
    number,
    number,
  ];
  const isBetter = pAbove(minus(x), half) <= better;
  const upperAlpha = isBetter ? better : ok;
  const d = points.map(([base, head]) => sign * (head - base));
  const [lower, upper] = [lowerBound(x, lowerAlpha), upperBound(x, upperAlpha)];
  const verdict = () => {
    if (points.length === 0) return 'INCONCLUSIVE';
    if (x.length > 0 && !Number.isFinite(lower)) return 'INCONCLUSIVE';
    const by = x.length === 0 ? Number.NaN : estimate(x);
    if (by > once && lower > half && estimate(d) > rule.floor) return 'REGRESSED';
    if (by < -once && isBetter && -estimate(d) > rule.floor) return 'IMPROVED';
    return (by <= once && upper < twice) || upperBound(d, upperAlpha) <= rule.floor ? 'OK' : 'INCONCLUSIVE';
  };
  const shown = ascending([lower, upper].map((bound) => Math.exp(sign * bound)));
  const [from, to] = shown.map((bound) => (bound === 0 || bound === Number.POSITIVE_INFINITY ? null : bound));
  const has = x.length > 0;
  return {
    metric: rule.metric,
    verdict: verdict(),
    points: points.length,
    ratio: has ? Math.exp(sign * estimate(x)) : null,
    lower: from ?? null,
    upper: to ?? null,
    lowerAlpha,
    upperAlpha,
    pRegressed: has ? pAbove(x, half) : null,
    pImproved: has ? pAbove(minus(x), half) : null,
    difference: points.length === 0 ? null : sign * estimate(d),
  };
}

function metricsOf({ design }: Stored, pairs: readonly Pair[], alpha: number) {
  const all = design.rules.map((rule) => ({ rule, points: pointsOf(rule, pairs, design.maxInvalidShare) }));
  const family = all.filter(({ rule }) => rule.gating && rule.kind === 'ratio');
  const valuesOf = (sign: 1 | -1) =>
    family.map(({ rule, points }) =>
      pAbove(
        logsOf(rule, points).map((x) => sign * x),
        Math.log(1 + rule.delta / 2),
      ),
    );
  const worse = levels(valuesOf(1), alpha);
  const better = levels(valuesOf(-1), alpha);
  const counts = all.filter(({ rule }) => rule.gating && rule.kind === 'exact').length;
  return all.map((each) => {
    if (each.rule.kind === 'exact')
      return countOutcome(each.rule, each.points, each.rule.gating ? alpha / counts : alpha);
    const at = family.indexOf(each);
    return ratioOutcome(each.rule, each.points, {
      worse: worse[at] ?? alpha,
      better: better[at] ?? alpha,
      ok: Math.min(0.5, 2.5 * alpha),
    });
  });
}

const FAULTS = ['server_died', 'clients_lost', 'sender_lost'];

function isFault(code: string, { rate, samples }: Result): boolean {
  const isSilent = samples.unit === 'push' ? samples.count === 0 : rate.sent >= 20;
  return FAULTS.includes(code) || (['too_few_samples', 'nothing_arrived'].includes(code) && isSilent);
}

/** Two arms of a round: the pair, unless it is dropped, and the codes of what failed by itself, for each arm. */
function meet({ runs }: Round, arms: readonly number[], rules: readonly Rule[]) {
  const upTo = highestGating(rules);
  const ours = arms.map((arm) => runs.find((run) => run.arm === arm));
  const [base, head] = ours.map((run) =>
    run?.error === null && run.result !== null && isRight(run.result, upTo) ? run.result : null,
  );
  const faults = ours.map((run): string[] => {
    if (run === undefined) return [];
    if (run.result === null) return [run.error?.code ?? 'not_measured'];
    const { result } = run;
    return result.invalid.map(({ code }) => code).filter((code) => isFault(code, result));
  });
  return { pair: base && head ? ([base, head] satisfies Pair) : null, faults };
}

/** The machine and the programs. */
function machineOf({ environment, receiving, tool, plan: { target } }: Result): string {
  const { packages, totalMemoryBytes, nodeVersion, stealRatio, throttledMs, cpuPressureRatio, ...others } =
    environment;
  const { commandLine, commit, dirty, serverStealRatio, ...machine } = others;
  const programs = ['socket.io-client', 'ws'].map((name) => packages[name]);
  const memory = Math.round(totalMemoryBytes / 2 ** 30);
  const { runtime = 'its own', version = '' } = target.reference ?? {};
  const usual = runtime === 'bun' ? packages['bun'] : nodeVersion;
  const { clock } = receiving;
  return JSON.stringify([
    machine,
    programs,
    memory,
    nodeVersion,
    runtime,
    version ?? usual,
    tool.version,
    clock,
  ]);
}

function loadOf({ plan }: Result): string {
  const { target, settings, headline, scenarioFile, connectTimeoutMs, thresholds, ...others } = plan;
  const { namespace, redis, ...rest } = settings;
  return JSON.stringify([others, rest, redis !== null, target.protocol, target.namespace]);
}

/** Whether two runs with the same driver and sockets were timed by different clocks. */
function isOtherClock([base, now]: ReadonlyArray<Result | null | undefined>): boolean {
  if (!base || !now || base.receiving.clock === now.receiving.clock) return false;
  return base.plan['driver'] === now.plan['driver'] && base.plan['sockets'] === now.plan['sockets'];
}

/** One head against the base, at a look. */
function headOutcome(stored: Stored, head: number, look: number) {
  const { design, rounds } = stored;
  const { looks, maxInvalidShare, baseline } = design;
  const { rounds: due, alpha } = at(looks, look);
  const all = rounds.map((round) => ({ round, ...meet(round, [0, head], design.rules) }));
  const judged = all.slice(0, due);
  const dropped = (of: typeof all) => of.filter(({ pair }) => pair === null).length;
  const [ofBase, ofHead] = [0, 1].map((arm) => all.flatMap(({ faults }) => faults[arm] ?? [])[0]);
  const both = all.map(({ round }) =>
    [0, head].map((arm) => round.runs.find((run) => run.arm === arm)?.result),
  );
  const differ = (pick: (result: Result) => string) =>
    baseline !== null && both.some(([base, now]) => base && now && pick(base) !== pick(now));
  const lasting = [
    ...[ofBase, ofHead].filter((code) => code !== undefined),
    ...(differ(machineOf) ? ['environment_changed'] : []),
    ...(differ(loadOf) ? ['load_changed'] : []),
    ...(baseline === null && both.some(isOtherClock) ? ['receive_clocks_differ'] : []),
    ...(dropped(all) > maxInvalidShare * at(looks, looks.length - 1).rounds ? ['excluded_pairs'] : []),
  ];
  const isEarly = rounds.length < due;
  const isExcluded = !isEarly && dropped(judged) > maxInvalidShare * judged.length;
  const invalid = lasting.length === 0 && isExcluded ? ['excluded_pairs'] : lasting;
  const metrics = metricsOf(stored, present(judged.map(({ pair }) => pair)), alpha);
  const deciding = metrics
    .filter(({ points }, i) => design.rules[i]?.gating && !(design.rules[i]?.optional && points === 0))
    .map(({ verdict }) => verdict);
  const verdict = invalid.length > 0 ? 'INVALID' : isEarly ? 'INCONCLUSIVE' : mostSevere(deciding);
  return { head, verdict, invalid, pairs: judged.length - dropped(judged), metrics };
}

const GRAVITY = ['INVALID', 'REGRESSED', 'INCONCLUSIVE', 'IMPROVED', 'OK'];
const mostSevere = (verdicts: readonly string[]) =>
  GRAVITY.find((each) => verdicts.includes(each)) ?? 'INCONCLUSIVE';

function present<T>(values: readonly (T | null)[]): T[] {
  return values.filter((value) => value !== null);
}

function at<T>(values: readonly T[], index: number): T {
  const value = values[index];
  if (value === undefined) throw new Error(`nothing at ${index} of ${values.length}`);
  return value;
}

/** Arms by the first deciding metric that is no count, with their ranks. */
function rankingOf({ design, rounds }: Stored, due: number) {
  const rule = design.rules.find(({ gating, kind }) => gating && kind === 'ratio');
  if (rule === undefined) return null;
  const arms = design.arms.map((_, arm) => arm);
  const duels = arms.flatMap((winner) =>
    arms.filter((arm) => arm !== winner).map((loser) => ({ winner, loser })),
  );
  const pValues = duels.map(({ winner, loser }) => {
    const met = rounds.slice(0, due).map((round) => meet(round, [winner, loser], design.rules).pair);
    return pAbove(logsOf(rule, pointsOf(rule, present(met), design.maxInvalidShare)), 0);
  });
  const allowed = levels(pValues, design.alpha);
  const won = duels.filter((_, i) => at(pValues, i) <= at(allowed, i));
  return arms.map((arm) => ({
    arm,
    rank: 1 + won.filter(({ loser }) => loser === arm).length,
    beats: won.filter(({ winner }) => winner === arm).map(({ loser }) => loser),
  }));
}

/** What docs/comparing.md says of a parsed rounds.json. */
export function recompute(stored: Stored) {
  const { looks, arms } = stored.design;
  const look = Math.max(0, looks.filter(({ rounds }) => rounds <= stored.rounds.length).length - 1);
  const due = at(looks, look).rounds;
  const heads = arms.slice(1).map((_, i) => headOutcome(stored, i + 1, look));
  const verdict = mostSevere(heads.map((each) => each.verdict));
  const isRanked = arms.length > 2 && verdict !== 'INVALID' && stored.rounds.length >= due;
  return { verdict, look, heads, ranking: isRanked ? rankingOf(stored, due) : null };
}
