import type { BenchProtocol } from './protocols.ts';
import { type BenchRound, type Estimate, estimate } from './rounds.ts';
import {
  cpuOverBase,
  cpuOverServer,
  growthOver,
  lagP99,
  memoryOf,
  pacingCost,
  type ValueOf,
} from './sections.ts';

/** An upper limit of the median of a value. */
export interface Goal {
  readonly title: string;
  readonly unit: string;
  readonly section: string;
  readonly protocol: BenchProtocol;
  readonly arm: 'wire-kernel' | 'wire-node';
  readonly value: ValueOf;
  readonly limit: number;
}

const overFloor = {
  title: 'CPU per delivery, x C floor',
  unit: '',
  section: 'delivery',
  value: cpuOverBase('delivery'),
} as const;
const overServer = {
  title: 'CPU per delivery, x its server',
  unit: '',
  section: 'delivery',
  value: cpuOverServer,
  limit: 1,
} as const;
const memory = {
  title: 'memory per connection of 10,000',
  unit: 'KiB',
  section: 'idle',
  value: memoryOf(10_000),
} as const;
const byKernel = { arm: 'wire-kernel' } as const;
const byNode = { arm: 'wire-node' } as const;
const overWs = { protocol: 'ws' } as const;
const overSocketio = { protocol: 'socketio' } as const;

/** What the wire driver must hold. */
export const GOALS: readonly Goal[] = [
  { ...overFloor, ...byKernel, ...overWs, limit: 1.5 },
  { ...overFloor, ...byKernel, ...overSocketio, limit: 1.6 },
  { ...overFloor, ...byNode, ...overWs, limit: 1.9 },
  { ...overFloor, ...byNode, ...overSocketio, limit: 2.1 },
  { ...overServer, ...byKernel, ...overWs },
  { ...overServer, ...byKernel, ...overSocketio },
  { ...overServer, ...byNode, ...overWs },
  { ...overServer, ...byNode, ...overSocketio },
  {
    ...{ title: 'pacing of 100 messages/s', unit: '%', section: 'pacing', ...byKernel, ...overWs },
    ...{ value: pacingCost, limit: 1 },
  },
  {
    ...{ title: 'send lag p99 at 100/s', unit: 'µs', section: 'pacing', ...byKernel, ...overWs },
    ...{ value: lagP99, limit: 50 },
  },
  { ...memory, ...byKernel, ...overWs, limit: 4 },
  { ...memory, ...byKernel, ...overSocketio, limit: 4 },
  { ...memory, ...byNode, ...overWs, limit: 12 },
  { ...memory, ...byNode, ...overSocketio, limit: 12 },
  {
    ...{ title: 'CPU at 100 to 10,000, max/min', unit: '', section: 'scale', ...byKernel, ...overWs },
    ...{ value: growthOver([100, 1000, 10_000]), limit: 1.15 },
  },
];

/** Whether a goal was reached; `verdict` is null where the value was not measured. */
export interface GoalOutcome {
  readonly goal: Goal;
  readonly reached: Estimate | null;
  readonly verdict: 'PASS' | 'FAIL' | null;
}

/** Judges all goals by the medians. A ratio to the C floor is not known without it. */
export function judgeGoals(rounds: readonly BenchRound[]): readonly GoalOutcome[] {
  return GOALS.map((goal) => {
    const reached = estimate(rounds, goal.value, { ...goal, base: 'floor' });
    if (reached === null) return { goal, reached, verdict: null };
    return { goal, reached, verdict: reached.median <= goal.limit ? 'PASS' : 'FAIL' };
  });
}
