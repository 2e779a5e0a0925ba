import { type Capacity, type CapacityStep, capacitySchema } from '../../src/result/capacity.ts';
import type { RunResult } from '../../src/result/run-result.ts';
import { viewResult } from '../../src/result/view.ts';
import {
  endingSoFar,
  maxSteps,
  nextStep,
  type SearchDesign,
  type SearchStep,
} from '../../src/stats/capacity-search.ts';
import { CONFIDENCE, judgeStep, parseObjectives } from '../../src/stats/capacity-step.ts';

import { makeResult } from './fixture.ts';

export const DESIGN: SearchDesign = { vary: 'rate', from: 100, to: 100_000, repeats: 5, mustPass: 4 };

interface CapacityOptions {
  readonly design: SearchDesign;
  /** Messages a second (or clients) that the made-up server takes. */
  readonly capacity: number;
  /** From here on the made-up generator is the limit. */
  readonly seenTo: number;
  /** The search is stopped after so many runs. */
  readonly steps: number;
  readonly objectives: readonly string[];
}

const DEFAULTS: CapacityOptions = {
  design: DESIGN,
  capacity: 1000,
  seenTo: Number.POSITIVE_INFINITY,
  steps: Number.POSITIVE_INFINITY,
  objectives: ['ack.p95<50ms'],
};

/** A run under a load that is so much of what the server takes: a queue, as servers have it. */
export function runAt(value: number, { design, capacity, seenTo }: CapacityOptions, seed: number): RunResult {
  const load = value / capacity;
  const medianNs = load < 1 ? 1e6 + 0.4e6 / (1 - load) ** 0.8 : 150e6 * load;
  const made = makeResult({
    scenario: 'ack-roundtrip',
    target: 'ws',
    protocol: 'ws',
    seconds: 2,
    clients: design.vary === 'clients' ? value : 20,
    rateHz: design.vary === 'rate' ? Math.round(value) : 150,
    medianNs,
    lost: 0,
    seed,
  });
  const cpuMs = Math.min(980, 950 * load);
  const servers = made.telemetry.servers.map((server) => ({
    ...server,
    samples: server.samples.map((sample) => ({ ...sample, cpuMs, loopUtilization: cpuMs / 1000 })),
  }));
  const message = 'messages were in flight when sending ended';
  return {
    ...made,
    telemetry: { ...made.telemetry, servers },
    findings: load > 1 ? [{ code: 'server_overloaded', message }] : [],
    invalid:
      value >= seenTo ? [{ code: 'generator_busy', message: 'the generator was the limit: busy 93 %' }] : [],
  };
}

/** A whole search, run by run, on a made-up server. */
export function makeCapacity(given: Partial<CapacityOptions> = {}): Capacity {
  const options = { ...DEFAULTS, ...given };
  const { design } = options;
  const objectives = [...options.objectives, 'lost<=0', 'failed<=0'].flatMap((each) => parseObjectives(each));
  const runStep = ({ phase, value }: SearchStep, seed: number): CapacityStep => {
    const result = runAt(value, options, seed);
    return { phase, value, ...judgeStep(viewResult(result), objectives), result };
  };
  const steps: CapacityStep[] = [];
  let next = nextStep(steps, design);
  while (!next.done && steps.length < options.steps) {
    steps.push(runStep(next.step, steps.length + 1));
    next = nextStep(steps, design);
  }
  return capacitySchema.parse({
    schemaVersion: 3,
    kind: 'capacity',
    tool: { name: 'sockbench', version: '0.1.0' },
    startedAt: '2026-03-04T05:06:07.891Z',
    durationMs: steps.length * 4321,
    commandLine: ['capacity', 'ack-roundtrip', '--objective', 'ack.p95<50ms'],
    status: next.done ? 'complete' : 'partial',
    notes: [],
    design: {
      ...design,
      objectives: [...options.objectives],
      lost: '0',
      confidence: CONFIDENCE,
      maxSteps: maxSteps(design),
      maxMs: 600_000,
    },
    steps,
    answer: next.done ? next.ending : endingSoFar(steps),
  } satisfies Capacity);
}
