import { describe, expect, it } from 'vitest';
import { requireDescriptors } from '../../bench/descriptors.ts';
import { GOALS, judgeGoals } from '../../bench/goals.ts';
import { estimate, measureArms, trialKey } from '../../bench/rounds.ts';
import { type BenchSection, cpuOverBase, sectionsOf } from '../../bench/sections.ts';
import { thrownBy } from '../thrown.ts';
import { madeArm, madeBenchmark } from './made-benchmark.ts';

const load = { kind: 'broadcast', connections: 1, rateHz: 1, warmupMs: 0, measureMs: 0 } as const;

const SECTION: BenchSection = {
  ...{ name: 'one', title: 'One', plan: '', note: '', protocols: ['ws'], arms: null, figures: [], rounds: 2 },
  loads: [{ name: 'delivery', ...load }],
};

describe('rounds', () => {
  it('have every client once, and every second one has them in reverse', async () => {
    const order: string[] = [];
    const arms = ['a', 'b', 'c'].map((name) =>
      madeArm(name, name, async () => {
        order.push(name);
        return { cpu: 1 };
      }),
    );
    const { rounds } = await measureArms([SECTION], arms, () => {});
    expect(order.join('')).toBe('abccba');
    expect(rounds.map((round) => round.size)).toEqual([3, 3]);
  });

  it('go on when a client fails, and count why', async () => {
    const failing = madeArm('a', 'A', async () => {
      throw new Error('no such driver');
    });
    const invalid = madeArm('b', 'B', async (_, note) => {
      note('INVALID (send_lag)');
      return { cpu: 1 };
    });
    const { rounds, notes } = await measureArms([SECTION], [failing, invalid], () => {});
    expect(rounds.map((round) => [...round.keys()])).toEqual([['one ws delivery b'], ['one ws delivery b']]);
    expect([...notes]).toEqual([
      ['one, ws, delivery: A: not measured: no such driver', 2],
      ['one, ws, delivery: B: INVALID (send_lag)', 2],
    ]);
  });

  it('leave out a section that needs fewer of them', async () => {
    const arm = madeArm('a', 'A', async () => ({ cpu: 1 }));
    const { rounds } = await measureArms([SECTION, { ...SECTION, name: 'two', rounds: 1 }], [arm], () => {});
    expect(rounds.map((round) => [...round.keys()])).toEqual([
      ['one ws delivery a', 'two ws delivery a'],
      ['one ws delivery a'],
    ]);
  });
});

describe('a ratio', () => {
  const place = { section: 'one', protocol: 'ws', arm: 'a', base: 'floor' } as const;
  const round = (cpu: number, floor?: number) =>
    new Map([
      [trialKey('one', 'ws', 'delivery', 'a'), { cpu }],
      ...(floor === undefined ? [] : [[trialKey('one', 'ws', 'delivery', 'floor'), { cpu: floor }] as const]),
    ]);

  it('is computed within each round, so that a slow round does not count twice', () => {
    const rounds = [round(6, 5), round(12, 10), round(9, 5)];
    expect(estimate(rounds, cpuOverBase('delivery'), place)).toEqual({ median: 1.2, min: 1.2, max: 1.8 });
  });

  it('is known only in the rounds that have both values', () => {
    expect(estimate([round(6), round(10, 5)], cpuOverBase('delivery'), place)).toMatchObject({ median: 2 });
    expect(estimate([round(6)], cpuOverBase('delivery'), place)).toBeNull();
  });
});

describe('the goals', () => {
  const names = [
    ['floor', 'C floor'],
    ['wire-kernel', 'wire'],
  ] as const;
  const measured = (name: string, connections: number) => ({
    cpu: name === 'floor' ? 4 : 6,
    ...{ server: 8, sends: 5, receives: 4.5, lagP99: 51, rss: 1000 + connections * 4.5 },
  });
  const verdictsOf = (...used: Parameters<typeof madeBenchmark>) =>
    judgeGoals(madeBenchmark(...used).measurements.rounds)
      .filter(({ goal }) => goal.arm === 'wire-kernel' && goal.protocol === 'ws')
      .map(({ goal, reached, verdict }) => [goal.title, reached?.median, verdict]);

  it('are judged by the median, at the limit included', () => {
    expect(verdictsOf(names, measured)).toEqual([
      ['CPU per delivery, x C floor', 1.5, 'PASS'],
      ['CPU per delivery, x its server', 0.75, 'PASS'],
      ['pacing of 100 messages/s', 0.5, 'PASS'],
      ['send lag p99 at 100/s', 51, 'FAIL'],
      ['memory per connection of 10,000', 4.5, 'FAIL'],
      ['CPU at 100 to 10,000, max/min', 1, 'PASS'],
    ]);
  });

  it('are not judged without the C floor, where they are ratios to it', () => {
    const [first] = verdictsOf(names.slice(1), measured);
    expect(first).toEqual(['CPU per delivery, x C floor', undefined, null]);
  });

  it('each name a section of the benchmark', () => {
    const sections = sectionsOf({ rounds: 1, measureMs: 1, warmupMs: 1, idle: [1], scale: [1] });
    const known = sections.map(({ name }) => name);
    expect(GOALS.filter(({ section }) => !known.includes(section))).toEqual([]);
  });
});

describe('the limit of open files', () => {
  it('is checked before anything starts, with advice', () => {
    expect(() => requireDescriptors(10_000, 10_200)).not.toThrow();
    expect(thrownBy(() => requireDescriptors(10_000, 1024))).toMatchObject({
      code: 'FILE_LIMIT',
      message: '10,000 connections need 10,200 open files in a process; the limit is 1,024',
      exitCode: 2,
    });
  });
});
