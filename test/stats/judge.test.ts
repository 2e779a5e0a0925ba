import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Design, Round } from '../../src/result/comparison.ts';
import type { Finding, FindingCode } from '../../src/result/findings.ts';
import type { RunResult } from '../../src/result/run-result.ts';
import { noteGenerators, noteTails } from '../../src/stats/invalid-reasons.ts';
import { goesOn, judge } from '../../src/stats/judge.ts';
import { type MadeRun, madeDesign, madeRounds, madeRun, NO_SERVER, ONE_LOOK } from './made-rounds.ts';

const DESIGN = madeDesign();
const STORED = madeDesign({ baseline: 'main/rounds.json' });

/** Within 2 % of 1, other in each round and arm. */
const wobble = (round: number, arm: number) => 1 + 0.02 * Math.sin(round * 2.3 + arm * 1.9);

const made = new Map<string, RunResult>();

/** One of few runs, since each takes long to decode: the head is `times` as slow as the base, and uses as much more CPU. */
function runOf(round: number, arm: number, times = 1): RunResult {
  const factor = wobble(round % 10, arm) * (arm === 0 ? 1 : times);
  const key = String(factor);
  const run = made.get(key) ?? madeRun({ medianNs: 2e6 * factor, lastNs: 4e6 * factor, cpuMs: 200 * factor });
  made.set(key, run);
  return run;
}

const roundsOf = (count: number, times = 1) => madeRounds(count, 2, (round, arm) => runOf(round, arm, times));

/** The rounds with the run of one arm in one round exchanged. */
function withRun(
  rounds: readonly Round[],
  round: number,
  arm: number,
  change: (run: RunResult) => RunResult,
) {
  return rounds.map((each) => ({
    ...each,
    runs: each.runs.map((run) =>
      each.round === round && run.arm === arm && run.result !== null
        ? { ...run, result: change(run.result) }
        : run,
    ),
  }));
}

const finding = (code: FindingCode, message = `${code} happened`): Finding => ({ code, message });
const invalidBy =
  (...findings: Finding[]) =>
  (run: RunResult): RunResult => ({ ...run, invalid: findings });

/** The rounds with some excluded by a finding of an arm. */
const exclude = (rounds: readonly Round[], which: readonly number[], arm: number, code: FindingCode) =>
  which.reduce((all, round) => withRun(all, round, arm, invalidBy(finding(code))), [...rounds]);

const headOf = (design: Design, rounds: readonly Round[]) => judge(design, rounds).heads[0];

describe('a comparison', () => {
  it.each([
    [1, 'OK'],
    [1.04, 'OK'],
    [1.5, 'REGRESSED'],
    [0.6, 'IMPROVED'],
  ])('of a head that is %d times as slow is %s', (times, verdict) => {
    expect(judge(DESIGN, roundsOf(20, times))).toMatchObject({ verdict, look: 1, rounds: 20, ranking: null });
  });

  it('keeps the values of excluded rounds in which both arms were measured', () => {
    const excluded = exclude(roundsOf(20), [3], 1, 'send_lag');
    const rounds = excluded.map((each) =>
      each.round === 5
        ? { ...each, runs: each.runs.map((run) => ({ ...run, result: null, error: finding('cpu_steal') })) }
        : each,
    );
    const points = headOf(DESIGN, rounds)?.excludedPoints['delivery.p50'];
    const shown = headOf(DESIGN, roundsOf(20))?.metrics.find(({ metric }) => metric === 'delivery.p50');
    expect(points).toEqual(shown?.points.filter(({ round }) => round === 3));
    expect(headOf(DESIGN, roundsOf(20))?.excludedPoints).toEqual({});
  });

  it('counts a round whose tails alone are wrong, without its tails', () => {
    const lag = { ...finding('send_lag'), soundUpTo: 0.5 };
    const disturbed = (which: readonly number[]) =>
      which.reduce((all, round) => withRun(all, round, 1, invalidBy(lag)), roundsOf(20));
    const pointsOf = (rounds: readonly Round[], name: string) =>
      headOf(DESIGN, rounds)
        ?.metrics.find(({ metric }) => metric === name)
        ?.points.map(({ round }) => round);
    const some = disturbed([3, 9]);
    expect(headOf(DESIGN, some)).toMatchObject({ verdict: 'OK', pairs: 20, excluded: [] });
    expect(pointsOf(some, 'delivery.p50')).toHaveLength(20);
    expect(pointsOf(some, 'delivery.p95')).toEqual(
      pointsOf(roundsOf(20), 'delivery.p95')?.filter((n) => n !== 3 && n !== 9),
    );
    expect(pointsOf(some, 'delivery.p95')).toHaveLength(18);
    expect(noteTails(DESIGN, some).map(({ message }) => message)).toEqual([
      'in 2 of 20 rounds quantiles over p50 were disturbed, and are left out: send_lag',
    ]);
    expect(noteTails(DESIGN, roundsOf(20))).toEqual([]);
    const all = disturbed(Array.from({ length: 20 }, (_, index) => index + 1));
    expect(headOf(DESIGN, all)).toMatchObject({ verdict: 'OK', pairs: 20 });
    expect(pointsOf(all, 'delivery.p95')).toEqual([]);
    const gated = madeDesign({ metrics: ['delivery.p95'] });
    expect(headOf(gated, some)).toMatchObject({ pairs: 18 });
    expect(headOf(gated, all)).toMatchObject({ verdict: 'INVALID' });
  });

  it('is REGRESSED when one gating metric is, with any verdicts of the others', () => {
    const costlier = madeRounds(20, 2, (round, arm) =>
      madeRun({ medianNs: 2e6 * wobble(round, arm) * (arm === 0 ? 1 : 0.5), cpuMs: arm === 0 ? 100 : 150 }),
    );
    const verdicts = headOf(DESIGN, costlier)?.metrics.map(({ metric, verdict }) => [metric, verdict]);
    expect(verdicts).toContainEqual(['delivery.p50', 'IMPROVED']);
    expect(verdicts).toContainEqual(['server_cpu_per_delivery', 'REGRESSED']);
    expect(judge(DESIGN, costlier).verdict).toBe('REGRESSED');
  });

  it('is not judged by informational metrics', () => {
    const heavier = madeRounds(20, 2, (round, arm) => {
      const run = runOf(round, arm);
      return { ...run, traffic: { ...run.traffic, sentBytes: run.traffic.sentBytes * (1 + arm) } };
    });
    const outcome = headOf(DESIGN, heavier);
    expect(outcome?.metrics.find(({ metric }) => metric === 'traffic_per_delivery')?.verdict).toBe(
      'REGRESSED',
    );
    expect(outcome?.verdict).toBe('OK');
  });

  it('is REGRESSED by messages lost in round after round, and neither so nor OK by a single one', () => {
    const losing = (arm: number, atMost: number) =>
      madeRounds(20, 2, (round, each) =>
        arm === each && round <= atMost ? madeRun({ counts: { lost: 1 } }) : runOf(round, each),
      );
    expect(judge(DESIGN, losing(1, 1)).verdict).toBe('INCONCLUSIVE');
    expect(judge(DESIGN, losing(0, 1)).verdict).toBe('OK');
    expect(judge(DESIGN, losing(1, 12)).verdict).toBe('REGRESSED');
    expect(judge(DESIGN, losing(0, 12)).verdict).toBe('IMPROVED');
  });

  it('does not go by CPU time in ticks unless asked to, and does by what is enough of them', () => {
    const ticked = (cpuMs: number, times: number) =>
      madeRounds(10, 2, (round, arm) =>
        madeRun({
          cpuFrom: 'proc',
          cpuMs: cpuMs * wobble(round, arm) * (arm === 0 ? 1 : times),
          medianNs: 2e6 * wobble(round, arm),
        }),
      );
    const cpuOf = (rounds: readonly Round[]) =>
      headOf(DESIGN, rounds)?.metrics.find(({ metric }) => metric === 'server_cpu_per_delivery');
    expect(judge(DESIGN, ticked(300, 1.5)).verdict).toBe('OK');
    expect(cpuOf(ticked(300, 1.5))).toMatchObject({
      verdict: 'INCONCLUSIVE',
      points: [],
      because: 'not judged: too few pairs have a precise enough value',
    });
    expect(judge(DESIGN, ticked(600, 1.5)).verdict).toBe('REGRESSED');
    const asked = madeDesign({ metrics: ['server_cpu_per_delivery'] });
    expect(judge(asked, ticked(300, 1.5)).verdict).toBe('INCONCLUSIVE');
  });

  it('has the most severe verdict of its heads', () => {
    const design = madeDesign({ names: ['base', 'better', 'worse'], looks: ONE_LOOK });
    const rounds = madeRounds(10, 3, (round, arm) => runOf(round, arm, [1, 0.6, 1.5][arm]));
    const judgement = judge(design, rounds);
    expect(judgement.heads.map(({ head, verdict }) => [head, verdict])).toEqual([
      [1, 'IMPROVED'],
      [2, 'REGRESSED'],
    ]);
    expect(judgement.verdict).toBe('REGRESSED');
    const dead = withRun(rounds, 10, 1, invalidBy(finding('server_died')));
    expect(judge(design, dead)).toMatchObject({ verdict: 'INVALID', ranking: null });
    expect(judge(design, dead).heads.map(({ verdict }) => verdict)).toEqual(['INVALID', 'REGRESSED']);
  });
});

describe('a comparison is INVALID', () => {
  it.each(['server_died', 'clients_lost', 'sender_lost', 'too_few_samples'] as const)(
    'when one run of the head has %s, although 19 pairs are valid',
    (code) => {
      const outcome = headOf(DESIGN, withRun(roundsOf(20), 7, 1, invalidBy(finding(code, 'it ended'))));
      expect(outcome).toMatchObject({ verdict: 'INVALID', pairs: 19 });
      expect(outcome?.invalid).toEqual([{ code, message: 'head, round 7: it ended' }]);
    },
  );

  it('where messages were sent and too few came, but not where too few were sent', () => {
    const few = (sent: number) => {
      const run = madeRun({ sent, invalid: [finding('too_few_samples')] });
      return headOf(
        DESIGN,
        withRun(roundsOf(20), 7, 1, () => run),
      );
    };
    expect(few(20)?.invalid.map(({ code }) => code)).toEqual(['too_few_samples']);
    expect(few(19)).toMatchObject({ verdict: 'OK', pairs: 19, invalid: [] });
    const pushes = (count: number) => {
      const run = madeRun({ sent: count, invalid: [finding('too_few_samples')] });
      const silent: RunResult = { ...run, samples: { unit: 'push', count, incomplete: 0 } };
      return headOf(
        DESIGN,
        withRun(roundsOf(20), 7, 1, () => silent),
      );
    };
    expect(pushes(0)?.verdict).toBe('INVALID');
    expect(pushes(19)?.verdict).toBe('OK');
  });

  it('where the base fails, or a run failed after the look that is judged', () => {
    const base = withRun(roundsOf(20), 7, 0, invalidBy(finding('server_died')));
    expect(headOf(DESIGN, base)?.invalid[0]?.message).toBe('base, round 7: server_died happened');
    const late = withRun(roundsOf(13, 1.5), 13, 1, invalidBy(finding('server_died')));
    expect(judge(DESIGN, late)).toMatchObject({ verdict: 'INVALID', look: 0, rounds: 10 });
  });

  it('where an arm could not be measured', () => {
    const rounds = madeRounds(4, 2, (round, arm) =>
      round === 4 && arm === 1 ? NO_SERVER : runOf(round, arm),
    );
    expect(headOf(DESIGN, rounds)).toMatchObject({
      verdict: 'INVALID',
      invalid: [{ code: 'server_start', message: 'head, round 4: the server did not start' }],
    });
    const silent = madeRounds(20, 2, (round, arm) =>
      round === 4 && arm === 1 ? { result: null, error: null } : runOf(round, arm),
    );
    expect(headOf(DESIGN, silent)?.invalid).toEqual([
      { code: 'not_measured', message: 'head, round 4: nothing was measured' },
    ]);
  });

  it('where most runs of an arm are missing', () => {
    const missing = madeRounds(20, 2, (round, arm) => (round > 6 && arm === 1 ? null : runOf(round, arm)));
    expect(headOf(DESIGN, missing)).toMatchObject({ verdict: 'INVALID', pairs: 6 });
    expect(headOf(DESIGN, missing)?.invalid[0]?.message).toMatch(/not_run 14x; for example: was not run$/);
  });

  it('and what follows from a fault of an arm is only named', () => {
    const findings = [
      finding('server_died', 'the server ended'),
      finding('clients_lost'),
      finding('cpu_steal'),
    ];
    const rounds = withRun(roundsOf(20), 3, 1, invalidBy(...findings));
    const again = withRun(rounds, 8, 1, invalidBy(...findings));
    expect(headOf(DESIGN, again)?.invalid).toEqual([
      { code: 'server_died', message: 'head, round 3: the server ended (and clients_lost)' },
    ]);
    const both = withRun(again, 9, 0, invalidBy(finding('sender_lost', 'gone')));
    expect(headOf(DESIGN, both)?.invalid.map(({ message }) => message)).toEqual([
      'head, round 3: the server ended (and clients_lost)',
      'base, round 9: gone',
    ]);
  });

  it.each([0, 1])('when more than a fifth of the pairs were excluded by arm %d, and no sooner', (arm) => {
    const four = exclude(roundsOf(20), [2, 9, 10, 17], arm, 'send_lag');
    expect(headOf(DESIGN, four)).toMatchObject({ verdict: 'OK', pairs: 16, invalid: [] });
    const five = exclude(four, [20], arm, 'cpu_steal');
    expect(headOf(DESIGN, five)).toMatchObject({ verdict: 'INVALID', pairs: 15 });
    expect(headOf(DESIGN, five)?.invalid).toEqual([
      {
        code: 'excluded_pairs',
        message:
          '5 of 20 pairs were excluded (limit 20 % of 20): send_lag 4x, cpu_steal 1x; for example: send_lag happened',
      },
    ]);
  });

  it.each(['generator_busy', 'cpu_throttled', 'worker_died'] as const)('when every run has %s', (code) => {
    const all = roundsOf(10, 2).flatMap(({ round }) => round);
    const rounds = exclude(exclude(roundsOf(10, 2), all, 0, code), all, 1, code);
    expect(headOf(DESIGN, rounds)).toMatchObject({ verdict: 'INVALID', pairs: 0 });
    expect(headOf(DESIGN, rounds)?.invalid[0]?.message).toContain(`10 of 10 pairs were excluded`);
    expect(headOf(DESIGN, rounds)?.invalid[0]?.message).toContain(`${code} 20x`);
  });

  it('of a stored base that was measured on another machine', () => {
    const elsewhere = (run: RunResult): RunResult => ({
      ...run,
      environment: { ...run.environment, kernel: '5.10.0', cpuCount: 64 },
    });
    const rounds = withRun(withRun(roundsOf(20), 5, 0, elsewhere), 6, 0, elsewhere);
    expect(headOf(STORED, roundsOf(20))?.verdict).toBe('OK');
    expect(headOf(STORED, rounds)).toMatchObject({ verdict: 'INVALID', pairs: 20 });
    expect(headOf(STORED, rounds)?.invalid).toEqual([
      {
        code: 'environment_changed',
        message:
          'the base was measured on another machine or with other programs: CPUs: baseline 64, now 2; kernel: baseline 5.10.0, now 6.1.0; measure the base again here',
      },
    ]);
  });

  const byKernel = (run: RunResult): RunResult => ({
    ...run,
    receiving: { clock: 'kernel', sockets: 'kernel', problem: null },
  });

  it('of a stored base whose receive times are those of another clock', () => {
    expect(headOf(STORED, withRun(roundsOf(20), 5, 0, byKernel))?.invalid).toMatchObject([
      {
        code: 'environment_changed',
        message: expect.stringContaining('receive clock: baseline kernel, now process'),
      },
    ]);
  });

  it('of arms with the same driver and sockets whose receive times are those of different clocks', () => {
    expect(headOf(DESIGN, withRun(roundsOf(20), 5, 1, byKernel))?.invalid).toEqual([
      {
        code: 'receive_clocks_differ',
        message:
          'receive times of base are those of the process, and those of head those of the kernel (round 5)',
      },
    ]);
  });

  it('but arms with different drivers compare generators, which is noted', () => {
    const rounds = madeRounds(20, 2, (round, arm) =>
      arm === 0 ? runOf(round, 0) : byKernel(runOf(round, 1)),
    );
    const arms = DESIGN.arms.map((arm, index) =>
      index === 0 ? arm : { ...arm, plan: { ...arm.plan, driver: 'wire' } },
    );
    const design = { ...DESIGN, arms };
    expect(headOf(design, rounds)?.verdict).toBe('OK');
    expect(noteGenerators(DESIGN, roundsOf(20))).toEqual([]);
    expect(noteGenerators(design, roundsOf(20))).toEqual([]);
    expect(noteGenerators(design, rounds)).toEqual([
      {
        code: 'generators_differ',
        message:
          'receive times of base are those of the process, and those of head those of the kernel: latencies differ by the generator too, not by the server alone',
      },
    ]);
  });

  it('of a stored base that was measured under another load, even where its runs are excluded', () => {
    const lighter = (run: RunResult): RunResult => ({
      ...run,
      plan: { ...run.plan, clients: 7, seed: 3 },
      invalid: [finding('cpu_steal')],
    });
    expect(headOf(STORED, withRun(roundsOf(20), 1, 0, lighter))?.invalid).toEqual([
      {
        code: 'load_changed',
        message:
          'the base was measured under another load: clients: baseline 7, now 3; seed: baseline 3, now 1; use that load, or measure the base again',
      },
    ]);
  });

  it('of a stored base only where it differs from the head of the same round', () => {
    const seeded = madeRounds(20, 2, (round, arm) => {
      const run = runOf(round, arm);
      return { ...run, plan: { ...run.plan, seed: round } };
    });
    expect(headOf(STORED, seeded)?.verdict).toBe('OK');
    const renamed = (run: RunResult): RunResult => ({
      ...run,
      plan: { ...run.plan, target: { ...run.plan.target, name: 'old', exec: 'node old.js' } },
      environment: { ...run.environment, commit: 'abc', commandLine: [] },
    });
    expect(headOf(STORED, withRun(roundsOf(20), 1, 0, renamed))?.verdict).toBe('OK');
  });

  it('but arms that were measured together may be under different loads', () => {
    const heavier = madeRounds(20, 2, (round, arm) => {
      const run = runOf(round, arm);
      return { ...run, plan: { ...run.plan, clients: 3 + arm } };
    });
    expect(headOf(DESIGN, heavier)?.verdict).toBe('OK');
  });
});

describe('a comparison with a fault in it', () => {
  const faults = fc.constantFrom<(rounds: Round[], at: number) => Round[]>(
    (rounds, at) => withRun(rounds, at, 1, invalidBy(finding('server_died'))),
    (rounds, at) => withRun(rounds, at, 0, invalidBy(finding('clients_lost'), finding('cpu_steal'))),
    (rounds, at) => withRun(rounds, at, 1, invalidBy(finding('cpu_steal'), finding('too_few_samples'))),
    (rounds, at) => withRun(rounds, at, 1, (run) => ({ ...run, plan: { ...run.plan, clients: 9 } })),
    (rounds, at) =>
      withRun(rounds, at, 0, (run) => ({ ...run, environment: { ...run.environment, cpuModel: 'Z80' } })),
    (rounds, at) =>
      rounds.map((each) =>
        each.round === at ? { ...each, runs: each.runs.map(({ arm }) => ({ arm, ...NO_SERVER })) } : each,
      ),
  );

  it('is never OK or IMPROVED, and never goes on', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
        fc.constantFrom(0.6, 1, 1.5),
        faults,
        (count, where, times, fault) => {
          const rounds = fault(roundsOf(count, times), 1 + Math.floor(where * count));
          expect(judge(STORED, rounds).verdict).toBe('INVALID');
          expect(goesOn(STORED, rounds)).toBe(false);
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe("a scenario's own series", () => {
  const design = madeDesign({ metrics: ['fanout_last.p50'] });
  const [rule] = design.rules;
  const own: Design = {
    ...design,
    ownSeries: { checkout: 'pressed -> paid' },
    rules: rule === undefined ? [] : [{ ...rule, metric: 'checkout.p50' }],
  };
  const withCheckout = (run: RunResult): RunResult => {
    const { fanout_last: checkout } = run.series;
    return checkout === undefined ? run : { ...run, series: { ...run.series, checkout } };
  };
  const checkouts = madeRounds(20, 2, (round, arm) => withCheckout(runOf(round, arm)));

  it('is judged, and nothing is said where no pair is valid', () => {
    expect(judge(own, checkouts)).toMatchObject({ verdict: 'OK', heads: [{ metrics: [{ verdict: 'OK' }] }] });
    const all = checkouts.map(({ round }) => round);
    expect(judge(own, exclude(checkouts, all, 1, 'cpu_steal')).verdict).toBe('INVALID');
    expect(judge(own, []).verdict).toBe('INCONCLUSIVE');
    const three = { ...own, arms: madeDesign({ names: ['a', 'b', 'c'] }).arms, looks: ONE_LOOK };
    expect(judge(three, [])).toMatchObject({ verdict: 'INCONCLUSIVE', ranking: null });
  });
});

describe('more rounds', () => {
  /** So different from round to round that no verdict is possible. */
  const unsure = (count: number) =>
    madeRounds(count, 2, (round, arm) => runOf(round, arm, round % 2 === 0 ? 1.5 : 0.8));

  it.each([
    ['OK', 1],
    ['REGRESSED', 1.5],
    ['IMPROVED', 0.6],
  ])('are not run when the first look says %s', (verdict, times) => {
    expect(judge(DESIGN, roundsOf(10, times))).toMatchObject({ verdict, look: 0, rounds: 10 });
    expect(goesOn(DESIGN, roundsOf(10, times))).toBe(false);
  });

  it('are run until a look, however clear it is, and after the first when that cannot tell', () => {
    expect([1, 5, 9, 11, 19].map((count) => goesOn(DESIGN, roundsOf(count, 1.5)))).not.toContain(false);
    expect(judge(DESIGN, unsure(10)).verdict).toBe('INCONCLUSIVE');
    expect(goesOn(DESIGN, unsure(10))).toBe(true);
  });

  it('are never run beyond the last look', () => {
    expect(judge(DESIGN, unsure(20))).toMatchObject({ verdict: 'INCONCLUSIVE', look: 1 });
    expect(goesOn(DESIGN, unsure(20))).toBe(false);
    expect(goesOn(DESIGN, unsure(21))).toBe(false);
    expect(goesOn(madeDesign({ looks: ONE_LOOK }), unsure(10))).toBe(false);
  });

  it('are run as long as the excluded pairs may be few enough at the last look', () => {
    const three = exclude(roundsOf(10), [1, 2, 3], 1, 'cpu_steal');
    expect(judge(DESIGN, three).verdict).toBe('INVALID');
    expect(goesOn(DESIGN, three)).toBe(true);
    const five = exclude(roundsOf(5), [1, 2, 3, 4, 5], 1, 'cpu_steal');
    expect(goesOn(DESIGN, five.slice(0, 4))).toBe(true);
    expect(goesOn(DESIGN, five)).toBe(false);
    expect(headOf(DESIGN, five)).toMatchObject({
      verdict: 'INVALID',
      invalid: [
        { message: expect.stringMatching(/^5 of 5 pairs were excluded \(limit 20 % of 20\): cpu_steal 5x/) },
      ],
    });
    const late = exclude(unsure(19), [13, 14, 15, 18, 19], 1, 'cpu_steal');
    expect(goesOn(DESIGN, late)).toBe(false);
    expect(judge(DESIGN, late)).toMatchObject({ verdict: 'INVALID', look: 0 });
  });

  it('are run while any head is inconclusive', () => {
    const design = madeDesign({ names: ['base', 'one', 'other'] });
    const rounds = madeRounds(10, 3, (round, arm) =>
      runOf(round, arm, arm === 2 && round % 2 === 0 ? 1.5 : 0.8),
    );
    expect(judge(design, rounds).heads.map(({ verdict }) => verdict)).toEqual(['IMPROVED', 'INCONCLUSIVE']);
    expect(goesOn(design, rounds)).toBe(true);
  });
});

describe('a comparison that ended early', () => {
  it('is judged as at the look before, by the rounds up to it', () => {
    const slowAfterTheLook = [...roundsOf(10), ...roundsOf(15, 3).slice(10)];
    expect(judge(DESIGN, slowAfterTheLook)).toEqual(judge(DESIGN, roundsOf(10)));
  });

  it('is INCONCLUSIVE before the first look, with any values', () => {
    const made: Partial<MadeRun>[] = [{}, { medianNs: 9e6, counts: { lost: 5 } }];
    const rounds = madeRounds(9, 2, (_, arm) => madeRun(made[arm]));
    expect(judge(DESIGN, rounds)).toMatchObject({ verdict: 'INCONCLUSIVE', look: 0, rounds: 9 });
    expect(judge(DESIGN, roundsOf(9, 0.5)).verdict).toBe('INCONCLUSIVE');
    expect(judge(DESIGN, []).verdict).toBe('INCONCLUSIVE');
  });
});
