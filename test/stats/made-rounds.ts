import type { ArmRun, Design, Round } from '../../src/result/comparison.ts';
import type { Finding, RunResult } from '../../src/result/run-result.ts';
import { NsHistogram } from '../../src/result/view.ts';
import { type ExpectedArms, planRules } from '../../src/stats/rules.ts';
import { makeResult } from '../report/fixture.ts';

/** A made-up run; what is not given is as in any other. */
export interface MadeRun {
  /** Of `delivery`. */
  readonly medianNs: number;
  /** Of `fanout_last`. */
  readonly lastNs: number;
  /** Of the server in the measured second. */
  readonly cpuMs: number;
  /** How it is known. */
  readonly cpuFrom: 'probe' | 'proc';
  readonly broadcasts: number;
  readonly sentHz: number;
  /** Messages in all, as many as broadcasts unless given. */
  readonly sent: number | null;
  readonly counts: Partial<Pick<RunResult['ledger'], 'lost' | 'duplicated' | 'reordered' | 'unexpected'>>;
  readonly failed: number;
  readonly invalid: readonly Finding[];
  /** Of the machine. */
  readonly kernel: string;
  /** Of the schedule. */
  readonly seed: number;
}

const USUAL: MadeRun = {
  medianNs: 2e6,
  lastNs: 4e6,
  cpuMs: 200,
  cpuFrom: 'probe',
  broadcasts: 60,
  sentHz: 60,
  sent: null,
  counts: {},
  failed: 0,
  invalid: [],
  kernel: '6.1.0',
  seed: 1,
};

const RECEIVERS = 3;
const template = makeResult({ clients: RECEIVERS, rateHz: 20, seconds: 1 });

const encoded = new Map<string, string>();

/** Values around a median, log-logistic. */
function histogramOf(medianNs: number, count: number): string {
  // On a grid of 0.1 %, since encoding takes long.
  const middleNs = Math.exp(Math.round(Math.log(medianNs) * 1000) / 1000);
  const key = `${middleNs} ${count}`;
  const known = encoded.get(key);
  if (known !== undefined) return known;
  const histogram = new NsHistogram();
  for (let i = 0; i < count; i++) {
    const share = (i + 0.5) / count;
    histogram.record(Math.round(middleNs * (share / (1 - share)) ** 0.2));
  }
  const base64 = histogram.encode();
  encoded.set(key, base64);
  return base64;
}

/** A run of one second; it passes the schema. */
export function madeRun(given: Partial<MadeRun> = {}): RunResult {
  const made = { ...USUAL, ...given };
  const deliveries = RECEIVERS * made.broadcasts;
  const delivery = histogramOf(made.medianNs, deliveries);
  const last = histogramOf(made.lastNs, made.broadcasts);
  const stored = (histogram: string, count: number) => ({
    ...{ count, meanNs: 0, stdDeviationNs: 0 },
    histogram,
    effectiveSamples: {},
  });
  const [server] = template.telemetry.servers;
  const samples = (server?.samples ?? []).map((sample) => ({ ...sample, cpuMs: made.cpuMs }));
  return {
    ...template,
    invalid: [...made.invalid],
    environment: { ...template.environment, kernel: made.kernel },
    plan: { ...template.plan, seed: made.seed },
    rate: { ...template.rate, achievedHz: made.sentHz, sent: made.sent ?? made.broadcasts },
    failed: made.failed === 0 ? [] : [{ reason: 'refused', count: made.failed }],
    samples: { ...template.samples, count: made.broadcasts },
    series: { delivery: stored(delivery, deliveries), fanout_last: stored(last, made.broadcasts) },
    intervals: template.intervals.map((interval) => ({ ...interval, series: { delivery } })),
    ledger: { ...template.ledger, delivered: deliveries, expected: deliveries, ...made.counts },
    telemetry: {
      ...template.telemetry,
      servers: server === undefined ? [] : [{ ...server, source: made.cpuFrom, samples }],
    },
  };
}

/** An arm of which nothing could be measured. */
export const NO_SERVER: Omit<ArmRun, 'arm'> = {
  result: null,
  error: { code: 'server_start', message: 'the server did not start' },
};

/** The runs of all arms, round by round; null for one that was not run. */
export function madeRounds(
  count: number,
  arms: number,
  run: (round: number, arm: number) => RunResult | Omit<ArmRun, 'arm'> | null,
): Round[] {
  return Array.from({ length: count }, (_, index): Round => {
    const runs = Array.from({ length: arms }, (_, arm) => ({ arm, ran: run(index + 1, arm) }));
    return {
      round: index + 1,
      seed: 1,
      runs: runs.flatMap(({ arm, ran }): ArmRun[] => {
        if (ran === null) return [];
        return [{ arm, ...('error' in ran ? ran : { result: ran, error: null }) }];
      }),
    };
  });
}

const RECORDED: ExpectedArms = {
  headline: 'delivery',
  own: {},
  arms: [
    {
      name: 'base',
      headline: 'delivery',
      samples: new Map(['delivery', 'fanout_last'].map((name) => [name, null])),
      unavailable: new Map(),
      isRandom: false,
      hasCoarseCpu: false,
    },
  ],
};

export const ONE_LOOK: Design['looks'] = [{ rounds: 10, alpha: 0.02 }];
export const TWO_LOOKS: Design['looks'] = [
  { rounds: 10, alpha: 0.006 },
  { rounds: 20, alpha: 0.014 },
];

/** By the usual metrics, or by those that are given as for --metric. */
export function madeDesign(
  given: Partial<Design> & { readonly names?: readonly string[]; readonly metrics?: readonly string[] } = {},
): Design {
  const { names = ['base', 'head'], metrics = [], ...rest } = given;
  return {
    command: 'gate',
    arms: names.map((name) => ({ name, spec: name, levels: [], plan: template.plan })),
    factors: [],
    seed: 1,
    looks: TWO_LOOKS,
    alpha: 0.02,
    maxInvalidShare: 0.2,
    rules: planRules(metrics, RECORDED),
    ownSeries: {},
    baseline: null,
    ...rest,
  };
}
