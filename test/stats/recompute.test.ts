import { describe, expect, it } from 'vitest';
import type { Design, Judgement, Round } from '../../src/result/comparison.ts';
import type { Finding, FindingCode } from '../../src/result/findings.ts';
import { judge } from '../../src/stats/judge.ts';
import { signedRankP } from '../../src/stats/signed-rank.ts';
import {
  type MadeRun,
  madeDesign,
  madeRounds,
  madeRun,
  NO_SERVER,
  ONE_LOOK,
  TWO_LOOKS,
} from './made-rounds.ts';
import { draw, normalNoise } from './noise.ts';
import { pAbove } from './recompute/ranks.ts';
import { recompute } from './recompute/recompute.ts';

/** What makes one made-up comparison differ from others. */
interface Story {
  readonly name: string;
  readonly design?: Parameters<typeof madeDesign>[0];
  readonly rounds?: number;
  /** Of the noise of each run. */
  readonly spread?: number;
  /** Of a head: what it has of medians, last receivers and CPU time, over the base. */
  readonly times?: number;
  /** More of what a run is; `head` counts from 0 for the base. */
  readonly run?: (round: number, arm: number) => Partial<MadeRun>;
  /** Instead of a run. */
  readonly noRun?: (round: number, arm: number) => boolean;
}

const finding = (code: FindingCode): Finding => ({ code, message: `${code} happened` });

/** A finding in some rounds of one arm. */
const excludedBy =
  (code: FindingCode, arm: number, rounds: readonly number[]) =>
  (round: number, of: number): Partial<MadeRun> =>
    of === arm && rounds.includes(round) ? { invalid: [finding(code)] } : {};

/** The same of findings that leave latencies up to a quantile alone. */
const disturbedBy =
  (code: FindingCode, arm: number, rounds: readonly number[], soundUpTo: number) =>
  (round: number, of: number): Partial<MadeRun> =>
    of === arm && rounds.includes(round) ? { invalid: [{ ...finding(code), soundUpTo }] } : {};

const THREE = { names: ['a', 'b', 'c'], looks: ONE_LOOK };
const OWN = { metrics: ['sent:3%', 'delivery.p95:5%:0.01ms', 'fanout_last.max:20%'] };
const LOSES: readonly [name: string, base: number, head: number][] = [
  ['the head loses twice as many', 20, 40],
  ['only the head loses', 0, 1],
  ['only the base loses', 1, 0],
  ['the head loses more', 4, 9],
  ['the head loses less', 9, 4],
  ['both lose alike', 20, 21],
];

const STORIES: readonly Story[] = [
  ...[0.6, 0.85, 1, 1.08, 1.12, 1.3].flatMap((times) =>
    [0.01, 0.05, 0.2].map(
      (spread): Story => ({ name: `${times} times, spread ${spread}`, times, spread, rounds: 20 }),
    ),
  ),
  ...[5, 9, 10, 11, 19].flatMap((rounds) =>
    [1, 1.3].map((times): Story => ({ name: `${times} times, ${rounds} rounds`, times, rounds })),
  ),
  ...[0.5, 0.98, 1.3].map((times): Story => ({ name: `own metrics, ${times} times`, design: OWN, times })),
  ...LOSES.map(
    ([name, base, head]): Story => ({
      name,
      run: (round, arm) => ({ counts: { lost: (arm === 0 ? base : head) * (1 + (round % 3)) } }),
    }),
  ),
  { name: 'some fail now and then', run: (round, arm) => ({ failed: (round + arm) % 4 === 0 ? 1 : 0 }) },
  { name: 'all three alike', design: THREE, rounds: 10, times: 1 },
  { name: 'all three differ', design: THREE, rounds: 10, times: 1.4 },
  {
    name: 'one of three differs',
    design: THREE,
    rounds: 10,
    run: (_, arm) => (arm === 2 ? { medianNs: 3e6 } : {}),
  },
  { name: 'three before the look', design: THREE, rounds: 6, times: 2 },
  { name: 'three of which one died', design: THREE, rounds: 7, run: excludedBy('server_died', 2, [7]) },
  { name: 'a server died', run: excludedBy('server_died', 1, [5]) },
  { name: 'a server died after the look', rounds: 13, run: excludedBy('server_died', 1, [13]) },
  { name: 'a base lost clients', run: excludedBy('clients_lost', 0, [5]) },
  { name: 'a sender was dropped', run: excludedBy('sender_lost', 1, [2]) },
  { name: 'nothing arrived', run: excludedBy('too_few_samples', 1, [1]), rounds: 1 },
  {
    name: 'little was sent',
    run: (round, arm) => ({ ...excludedBy('too_few_samples', 1, [1])(round, arm), sent: 19 }),
  },
  { name: 'no server', noRun: (round, arm) => round === 4 && arm === 1, rounds: 4 },
  { name: 'two pairs excluded', run: excludedBy('cpu_steal', 1, [3, 8]), rounds: 10 },
  { name: 'three pairs excluded at the first look', run: excludedBy('cpu_steal', 1, [3, 8, 9]), rounds: 10 },
  {
    name: 'three pairs excluded before the first look',
    run: excludedBy('cpu_steal', 1, [3, 8, 9]),
    rounds: 9,
  },
  { name: 'four pairs excluded at the last look', run: excludedBy('send_lag', 0, [3, 8, 9, 12]), rounds: 20 },
  { name: 'five pairs excluded', run: excludedBy('send_lag', 0, [3, 8, 9, 12, 15]), rounds: 15 },
  { name: 'tails disturbed twice', run: disturbedBy('send_lag', 1, [2, 6], 0.5), rounds: 10 },
  {
    name: 'tails disturbed often',
    run: disturbedBy('receive_uncertainty', 0, [1, 3, 4, 5, 9], 0.9),
    rounds: 20,
  },
  {
    name: 'gating quantiles disturbed',
    design: OWN,
    run: disturbedBy('send_lag', 1, [1, 3, 4, 5, 9], 0.9),
    rounds: 20,
  },
  {
    name: 'tails disturbed in pairs that are excluded too',
    run: (round) =>
      round < 3 ? { invalid: [{ ...finding('send_lag'), soundUpTo: 0.5 }, finding('clock')] } : {},
    rounds: 20,
  },
  {
    name: 'a slow pair excluded',
    run: (round) => (round === 2 ? { medianNs: 9e9, invalid: [finding('clock')] } : {}),
  },
  {
    name: 'too few samples for a quantile in two rounds',
    run: (round) => ({ broadcasts: round < 3 ? 30 : 60 }),
  },
  {
    name: 'too few samples for a quantile in six rounds',
    run: (round) => ({ broadcasts: round < 7 ? 30 : 60 }),
  },
  { name: 'no CPU time in one round', run: (round, arm) => ({ cpuMs: round === 3 && arm === 1 ? 0 : 200 }) },
  { name: 'no CPU time in most rounds', run: (round) => ({ cpuMs: round % 5 === 0 ? 0.01 : 0 }) },
  { name: 'CPU time in ticks', run: () => ({ cpuFrom: 'proc' }) },
  { name: 'CPU time in many ticks', run: () => ({ cpuFrom: 'proc', cpuMs: 700 }) },
  { name: 'CPU time in ticks, of one arm', run: (_, arm) => (arm === 0 ? {} : { cpuFrom: 'proc' }) },
  { name: 'the same in every round', spread: 0 },
  { name: 'a stored base', design: { baseline: 'rounds.json' } },
  {
    name: 'a stored base of another machine',
    design: { baseline: 'rounds.json' },
    run: (round, arm) => (round < 4 || arm === 1 ? {} : { kernel: '5.10.0' }),
  },
  {
    name: 'a stored base of another seed',
    design: { baseline: 'rounds.json' },
    run: (_, arm) => ({ seed: 1 + arm }),
  },
];

/** The runs of a story; each round has a noise that both arms share, and one of each arm. */
function roundsOf(story: Story, design: Design, seed: number): Round[] {
  const { spread = 0.04, times = 1, rounds = 10 } = story;
  const noise = normalNoise(seed);
  let shared = 0;
  return madeRounds(rounds, design.arms.length, (round, arm) => {
    if (arm === 0) shared = 0.1 * noise();
    if (story.noRun?.(round, arm) === true) return NO_SERVER;
    const near = () => times ** arm * Math.exp(shared + spread * noise());
    return madeRun({
      medianNs: 2e6 * near(),
      lastNs: 4e6 * near(),
      cpuMs: 200 * near(),
      sentHz: 60 / near(),
      ...story.run?.(round, arm),
    });
  });
}

/** Where two documents differ, numbers by more than a billionth. */
function disagreements(ours: unknown, theirs: unknown, path = ''): string[] {
  if (typeof ours === 'number' && typeof theirs === 'number') {
    return Math.abs(ours - theirs) <= 1e-9 * Math.max(Math.abs(ours), 1e-12)
      ? []
      : [`${path}: ${ours}, not ${theirs}`];
  }
  if (typeof ours !== 'object' || typeof theirs !== 'object' || ours === null || theirs === null) {
    return ours === theirs ? [] : [`${path}: ${String(ours)}, not ${String(theirs)}`];
  }
  const [one, other] = [new Map(Object.entries(ours)), new Map(Object.entries(theirs))];
  const keys = [...new Set([...one.keys(), ...other.keys()])];
  return keys.flatMap((key) => disagreements(one.get(key), other.get(key), `${path}.${key}`));
}

/** Of a judgement, what docs/comparing.md says how to come to. */
function decided({ verdict, look, heads, ranking }: Judgement) {
  return {
    verdict,
    look,
    heads: heads.map(({ head, verdict: ofHead, invalid, pairs, metrics }) => ({
      head,
      verdict: ofHead,
      invalid: invalid.map(({ code }) => code),
      pairs,
      metrics: metrics.map(
        ({
          unit,
          kind,
          gating,
          optional,
          delta,
          floor,
          base,
          head: _,
          points,
          detectable,
          because,
          ...said
        }) => ({
          ...said,
          points: points.length,
        }),
      ),
    })),
    ranking:
      ranking === null
        ? null
        : ranking.places.map(({ value, ...place }) => place).toSorted((a, b) => a.arm - b.arm),
  };
}

const seen = {
  arms: new Set<string>(),
  metrics: new Set<string>(),
  codes: new Set<string>(),
  ranks: new Set<string>(),
};

describe('another program comes to the same verdicts from rounds.json alone', () => {
  it.each(STORIES.map((story, index) => ({ ...story, seed: index + 1 })))('$name', (story) => {
    const design = madeDesign({ looks: TWO_LOOKS, ...story.design });
    const rounds = roundsOf(story, design, story.seed);
    const judgement = judge(design, rounds);
    const stored = JSON.parse(JSON.stringify({ design, rounds, judgement }));
    expect(disagreements(decided(stored.judgement), recompute(stored))).toEqual([]);
    for (const { verdict, metrics, invalid } of judgement.heads) {
      seen.arms.add(verdict);
      for (const metric of metrics) seen.metrics.add(metric.verdict);
      for (const { code } of invalid) seen.codes.add(code);
    }
    seen.ranks.add((judgement.ranking?.places ?? []).map(({ rank }) => rank).join());
  });

  it('from more than 100 rounds too', () => {
    const noise = normalNoise(3);
    for (const location of [-0.2, 0, 0.1, 0.3]) {
      const values = draw(noise, 101, location).map((value) => Math.round(20 * value) / 20);
      expect(pAbove(values, 0)).toBeCloseTo(signedRankP(values, 0), 9);
    }
  });

  it('in comparisons of every kind', () => {
    expect([...seen.arms].sort()).toEqual(['IMPROVED', 'INCONCLUSIVE', 'INVALID', 'OK', 'REGRESSED']);
    expect([...seen.metrics].sort()).toEqual(['IMPROVED', 'INCONCLUSIVE', 'OK', 'REGRESSED']);
    expect([...seen.codes].sort()).toEqual([
      'clients_lost',
      'environment_changed',
      'excluded_pairs',
      'load_changed',
      'sender_lost',
      'server_died',
      'server_start',
      'too_few_samples',
    ]);
    expect([...seen.ranks].sort()).toEqual(['', '1,1,1', '1,1,3', '1,2,3']);
  });
});
