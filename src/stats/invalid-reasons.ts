import type { Design, Round } from '../result/comparison.ts';
import {
  type Difference,
  differences,
  differenceText,
  type Fingerprint,
  loadFingerprint,
  measurementFingerprint,
} from '../result/fingerprint.ts';
import type { Finding, RunResult } from '../result/run-result.ts';
import { list, plural } from '../text.ts';
import { formatNumber, formatPercent } from '../units.ts';
import { type ArmFinding, gatingQuantile, type Pairing, pairUp } from './pairs.ts';

/**
 * Why a comparison of one arm with the base is INVALID and no later round can change that: an arm failed by itself in any
 * round, a stored base was measured elsewhere or under another load, or more pairs are excluded than all rounds of the
 * design may have.
 */
export function lastingReasons(design: Design, rounds: readonly Round[], head: number): Finding[] {
  const { excluded, faults } = pairUp(rounds, gatingQuantile(design), head);
  const atMost = design.looks.at(-1)?.rounds ?? 0;
  return [
    ...faultsOf(design, faults),
    ...baseChanged(design, rounds, head),
    ...otherReceiveClock(design, rounds, head),
    ...tooManyExcluded(design, excluded, rounds.length, atMost),
  ];
}

/** As {@link lastingReasons}, and that too many pairs of the look are excluded, which a later look may change. */
export function reasonsAtLook(
  design: Design,
  rounds: readonly Round[],
  judged: readonly Round[],
  head: number,
): Finding[] {
  const lasting = lastingReasons(design, rounds, head);
  if (lasting.length > 0) return lasting;
  return tooManyExcluded(
    design,
    pairUp(judged, gatingQuantile(design), head).excluded,
    judged.length,
    judged.length,
  );
}

/** One finding for each arm. Consequences of a fault, such as lost clients of a dead server, are only named. */
function faultsOf({ arms }: Design, faults: readonly ArmFinding[]): Finding[] {
  return [...Map.groupBy(faults, ({ arm }) => arm)].flatMap(([arm, [first, ...others]]) => {
    if (first === undefined) return [];
    const codes = new Set(others.map(({ code }) => code).filter((code) => code !== first.code));
    const also = codes.size === 0 ? '' : ` (and ${[...codes].join(', ')})`;
    const message = `${arms[arm]?.name ?? 'an arm'}, round ${first.round}: ${first.message}${also}`;
    return [{ code: first.code, message }];
  });
}

/** A share of `of` pairs, or rounds of all arms, may be excluded. */
export function tooManyExcluded(
  { maxInvalidShare }: Design,
  excluded: Pairing['excluded'],
  count: number,
  of: number,
  noun: 'pair' | 'round' = 'pair',
): Finding[] {
  if (excluded.length <= maxInvalidShare * of) return [];
  const reasons = excluded.flatMap((pair) => pair.reasons);
  const times = [...Map.groupBy(reasons, ({ code }) => code)].map(
    ([code, each]) => `${code} ${each.length}x`,
  );
  const limit = `limit ${formatPercent(maxInvalidShare)} of ${of}`;
  return [
    {
      code: 'excluded_pairs',
      message: `${excluded.length} of ${plural(count, noun)} were excluded (${limit}): ${times.join(', ')}; for example: ${reasons[0]?.message}`,
    },
  ];
}

/** A stored base holds only for its own machine and load. */
function baseChanged({ baseline }: Design, rounds: readonly Round[], head: number): Finding[] {
  if (baseline === null) return [];
  const machine = changes(rounds, head, measurementFingerprint);
  const load = changes(rounds, head, ({ plan }) => loadFingerprint(plan));
  const found: Array<Finding | false> = [
    machine !== '' && {
      code: 'environment_changed',
      message: `the base was measured on another machine or with other programs: ${machine}; measure the base again here`,
    },
    load !== '' && {
      code: 'load_changed',
      message: `the base was measured under another load: ${load}; use that load, or measure the base again`,
    },
  ];
  return found.filter((each) => each !== false);
}

/** The receive clocks of the base and of a head, of the first round in which they differ; null where they do not. */
function receiveClocks(rounds: readonly Round[], head: number) {
  for (const { round, runs } of rounds) {
    const clockOf = (arm: number) => runs.find((run) => run.arm === arm)?.result?.receiving.clock;
    const [ofBase, ofHead] = [clockOf(0), clockOf(head)];
    if (ofBase !== undefined && ofHead !== undefined && ofBase !== ofHead) return { round, ofBase, ofHead };
  }
  return null;
}

/** Whether a head asks for another driver or other sockets than the base, so that generators are compared. */
function asksForOtherGenerator({ arms }: Design, head: number): boolean {
  const [base, other] = [arms[0]?.plan, arms[head]?.plan];
  return base?.driver !== other?.driver || base?.sockets !== other?.sockets;
}

/** Arms with the same driver and sockets whose clients were timed by different clocks do not compare. */
function otherReceiveClock(design: Design, rounds: readonly Round[], head: number): Finding[] {
  if (design.baseline !== null || asksForOtherGenerator(design, head)) return [];
  const clocks = receiveClocks(rounds, head);
  if (clocks === null) return [];
  const { round, ofBase, ofHead } = clocks;
  const [base, other] = [design.arms[0]?.name, design.arms[head]?.name];
  const message = `receive times of ${base} are those of the ${ofBase}, and those of ${other} those of the ${ofHead} (round ${round})`;
  return [{ code: 'receive_clocks_differ', message }];
}

/** Notes rounds in which only quantiles beyond the gating ones are wrong. */
export function noteTails(design: Design, rounds: readonly Round[]): Finding[] {
  const upTo = gatingQuantile(design);
  const tailsOf = ({ runs }: Round) =>
    runs
      .map(({ result }) => result?.invalid ?? [])
      .filter((invalid) => invalid.every(({ soundUpTo = -1 }) => soundUpTo >= upTo))
      .flat();
  const disturbed = rounds.map(tailsOf).filter((found) => found.length > 0);
  if (disturbed.length === 0) return [];
  const codes = [...new Set(disturbed.flat().map(({ code }) => code))];
  const lowest = Math.min(...disturbed.flat().map(({ soundUpTo = 0 }) => soundUpTo));
  const message = `in ${disturbed.length} of ${plural(rounds.length, 'round')} quantiles over p${formatNumber(100 * lowest)} were disturbed, and are left out: ${list(codes)}`;
  return [{ code: 'tails_left_out', message }];
}

/** Notes heads with another driver or other sockets than the base, whose clients were timed by another clock. */
export function noteGenerators(design: Design, rounds: readonly Round[]): Finding[] {
  const timedOtherwise = design.arms.flatMap(({ name }, head) => {
    const clocks = asksForOtherGenerator(design, head) ? receiveClocks(rounds, head) : null;
    return clocks === null ? [] : [{ name, ...clocks }];
  });
  const byClock = Map.groupBy(timedOtherwise, ({ ofBase, ofHead }) => `${ofBase} ${ofHead}`);
  return [...byClock.values()].flatMap((heads) =>
    heads.slice(0, 1).map(({ ofBase, ofHead }): Finding => {
      const names = list(heads.map(({ name }) => name));
      const message = `receive times of ${design.arms[0]?.name} are those of the ${ofBase}, and those of ${names} those of the ${ofHead}: latencies differ by the generator too, not by the server alone`;
      return { code: 'generators_differ', message };
    }),
  );
}

/** The fields in which both runs of any round differ, each once; empty when there are none. */
function changes(
  rounds: readonly Round[],
  head: number,
  fingerprint: (result: RunResult) => Fingerprint,
): string {
  const byField = new Map<string, Difference>();
  for (const { runs } of rounds) {
    const resultOf = (arm: number) => runs.find((run) => run.arm === arm)?.result;
    const [base, now] = [resultOf(0), resultOf(head)];
    if (!base || !now) continue;
    for (const each of differences(fingerprint(base), fingerprint(now))) {
      byField.set(each.field, byField.get(each.field) ?? each);
    }
  }
  return [...byField.values()].map(differenceText).join('; ');
}
