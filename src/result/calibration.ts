import { createHash } from 'node:crypto';
import { z } from 'zod';
import { foreign } from '../foreign.ts';
import { listOf, numberSchema, recordOf, textSchema } from './bounded-schema.ts';
import { differences, environmentFingerprint, type Fingerprint, loadFingerprint } from './fingerprint.ts';
import { type RunResult, SCHEMA_VERSION } from './run-result.ts';
import { fileNameOf } from './store.ts';
import { type Floor, floorSchema, positiveSchema } from './stored-floor.ts';
import type { ResultView } from './view.ts';

/**
 * What was the limit above the capacity: the generator, the null server, disturbed runs, or the end of the search. Only
 * the first says that a worker carries no more.
 */
const CAPACITY_LIMITS = ['generator', 'server', 'disturbed', 'none'] as const;
export type CapacityLimit = (typeof CAPACITY_LIMITS)[number];

/** One run of the search for the capacity of a worker. */
const calibrationStep = z.object({
  rateHz: positiveSchema,
  /** Deliveries, or replies to requests, per second. */
  deliveriesHz: positiveSchema,
  /** `behind`: the generator was the limit; `server`: the null server was; `disturbed`: nothing is known. */
  outcome: z.enum(['carried', 'behind', 'server', 'disturbed']),
  /** Event-loop utilization of the worker without pacing. */
  utilization: numberSchema.nullable(),
  detail: textSchema,
});

export const calibrationSchema = z.object({
  schemaVersion: z.literal(SCHEMA_VERSION),
  kind: z.literal('calibration'),
  tool: z.object({ name: z.literal('sockbench'), version: textSchema }),
  calibratedAt: z.iso.datetime(),
  /** Arguments of the command line, as given. */
  commandLine: listOf(textSchema, 10_000),
  /** What a run must have in common with the calibration. */
  setup: recordOf(textSchema),
  rateHz: positiveSchema,
  floors: listOf(floorSchema),
  capacity: z
    .object({
      /** The highest load that one worker carried. */
      deliveriesHz: positiveSchema,
      limit: z.enum(CAPACITY_LIMITS),
      steps: listOf(calibrationStep),
    })
    /** Null when no load was carried. */
    .nullable(),
});

export type Calibration = z.infer<typeof calibrationSchema>;
export type { Floor };
export type CalibrationStep = z.infer<typeof calibrationStep>;

/** What a calibration depends on: a machine, its programs and a plan. */
export type CalibratedRun = Pick<RunResult, 'plan' | 'environment' | 'tool'>;

/** Fields of fingerprints that concern the server only, that change no latency, or that a calibration has itself. */
const LEFT_OUT = [
  'server runtime',
  'CPUs of the server',
  'CPUs of the generator',
  'namespace',
  'processes',
  'redis',
  'redisAdapter',
  'workers',
  'rate',
  'sender cool-down',
  'seed',
  'duration',
  'warm-up',
  'drain',
  'late after',
  'connect rate',
];

/** Everything that a calibration depends on but the rate and the number of workers. */
export function setupOf(run: CalibratedRun): Fingerprint {
  const { plan } = run;
  const all: Fingerprint = {
    ...environmentFingerprint(run),
    ...loadFingerprint(plan),
    'scenario file': plan.scenarioFile ?? 'none',
    verify: String(plan.verify),
    sockets: plan.sockets,
  };
  return Object.fromEntries(Object.entries(all).filter(([field]) => !LEFT_OUT.includes(field)));
}

/** The rate of a plan in messages per second; null for one whose rate changes. */
export function constantRateHz({ profile }: RunResult['plan']): number | null {
  const [first, ...others] = profile;
  return first === undefined || others.length > 0 || first.fromHz !== first.toHz ? null : first.fromHz;
}

/** The first part of the names of all calibrations of a scenario. */
export function scenarioPrefix(scenario: string): string {
  return `${fileNameOf(scenario)}-`;
}

/** The name of the file of a calibration. It is the same for the same setup and rate. */
export function calibrationFile(setup: Fingerprint, rateHz: number): string {
  const sorted = Object.entries(setup).sort(([a], [b]) => (a < b ? -1 : 1));
  const hash = createHash('sha256').update(JSON.stringify(sorted)).digest('hex');
  return `${scenarioPrefix(setup['scenario'] ?? '')}${hash.slice(0, 16)}-${rateHz}.json`;
}

/** Why a calibration is of no use for a setup, as a predicate; null when it is. */
export function whyOtherSetup(calibration: Calibration, setup: Fingerprint): string | null {
  const [difference] = differences(calibration.setup, setup);
  if (difference === undefined) return null;
  const { field, baseline, now } = difference;
  return `is of another machine or plan: ${foreign(`${field}: calibrated with ${baseline}, now ${now}`)}`;
}

/** Whether a floor was measured as a result was: with as many workers, the same clock and the same sockets. */
export function isFloorOf(floor: Floor, { plan, headline, receiving }: RunResult): boolean {
  const { workers, series, clock, sockets } = floor;
  const isSameReceipt = clock === receiving.clock && sockets === receiving.sockets;
  return isSameReceipt && workers === plan.workers && series === headline;
}

/** The floor of a valid run on the null server. */
export function floorOf({ result, quantileNs }: ResultView): Floor {
  const { headline, plan, samples, receiving } = result;
  return {
    workers: plan.workers,
    series: headline,
    clock: receiving.clock,
    sockets: receiving.sockets,
    samples: samples.count,
    unit: samples.unit,
    p50Ns: quantileNs(headline, 0.5),
    p90Ns: quantileNs(headline, 0.9),
    p99Ns: quantileNs(headline, 0.99),
  };
}
