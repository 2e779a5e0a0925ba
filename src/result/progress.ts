/**
 * The progress of a command as a stream of events. The terminal, the dashboard and `--progress json` subscribe to it; the
 * last writes each event as one line of JSON. Times are whole nanoseconds or milliseconds, as the names say. `atMs` is the
 * time since the command began to measure.
 */
import { z } from 'zod';
import { countSchema, numberSchema, textSchema } from './bounded-schema.ts';
import { METRIC_UNITS } from './metrics.ts';

/** The phases of a run, in order. `rendezvous`: waiting for the other shards of the run. */
export const RUN_PHASES = [
  'start',
  'connect',
  'rendezvous',
  'warm-up',
  'measure',
  'drain',
  'collect',
] as const;

export type RunPhase = (typeof RUN_PHASES)[number];

const phaseSchema = z.enum(RUN_PHASES);

/** Quantiles of one series, each rounded up to the end of its bucket (0.1 %). */
const liveLatencySchema = z.object({
  count: countSchema,
  p50Ns: numberSchema,
  p95Ns: numberSchema,
  p99Ns: numberSchema,
  maxNs: numberSchema,
});

/** Messages of the measured schedule: `expected` deliveries follow from the messages that were sent. */
const loadShape = {
  intended: countSchema,
  sent: countSchema,
  expected: countSchema,
  delivered: countSchema,
};

/** Quantiles of the headline series, and of the series of the slowest receiver; null without values. */
const latenciesShape = {
  latency: liveLatencySchema.nullable(),
  slowest: liveLatencySchema.nullable(),
};

/** A phase of a run: how long it usually takes, and its limit; null where none is known beforehand. */
const plannedPhase = z.object({
  phase: phaseSchema,
  expectedMs: numberSchema,
  maxMs: numberSchema.nullable(),
});

/** The first event: what the command is about to do. */
const beginEvent = z.object({
  type: z.literal('begin'),
  atMs: numberSchema,
  /** Version of this stream. */
  version: z.literal(1),
  startedAt: z.iso.datetime(),
  /** `run`, `compare`, `gate`, `capacity`, `calibrate`, or `bench` for a series of runs. */
  command: textSchema,
  title: textSchema,
  /** Names of the arms, the base first; empty unless the command compares. */
  arms: z.array(textSchema),
  /** How many runs there are at most, and how many rounds; null where there are no rounds. */
  runs: countSchema,
  rounds: countSchema.nullable(),
  /** Expected time of the whole command, and its limit; whether fewer runs may be enough. */
  expectedMs: numberSchema,
  maxMs: numberSchema,
  mayEndEarly: z.boolean(),
});

/** A run starts. */
const runEvent = z.object({
  type: z.literal('run'),
  atMs: numberSchema,
  /** Counts from 1. */
  run: countSchema,
  title: textSchema,
  /** From 1, and from 0; null unless the command compares. */
  round: countSchema.nullable(),
  arm: countSchema.nullable(),
  scenario: textSchema,
  target: textSchema,
  transport: textSchema,
  /** How many clients this machine connects: those of its shard. */
  clients: countSchema,
  /** Names of the series that `latency` and `slowest` are about; null where no series has the slowest receiver. */
  headline: textSchema,
  slowest: textSchema.nullable(),
  phases: z.array(plannedPhase),
});

/** A phase of a run begins. */
const phaseEvent = z.object({
  type: z.literal('phase'),
  atMs: numberSchema,
  run: countSchema,
  ...plannedPhase.shape,
});

/** What was measured within one second. */
const measuredSecond = z.object({
  /** Counts from 0 at the start of measuring; the drain goes on counting. */
  second: countSchema,
  ...latenciesShape,
  /** Messages that became known in this second. */
  ...loadShape,
});

/** A second of a run is over: figures so far. Those of the measured schedule are up to a second old. */
const secondEvent = z.object({
  type: z.literal('second'),
  atMs: numberSchema,
  run: countSchema,
  phase: phaseSchema,
  /** Time since the start of the phase. */
  phaseMs: numberSchema,
  connected: countSchema,
  ...loadShape,
  /** Deliveries that were due two seconds ago or earlier and have not arrived. */
  lost: countSchema,
  ...latenciesShape,
  /** The last second whose figures are complete; null where no further one is. */
  measured: measuredSecond.nullable(),
});

/**
 * A run is over. `error` is why nothing was measured; `invalid` are the codes of all that is wrong with the run. A
 * comparison keeps a run whose gating quantiles are right all the same.
 */
const runEndEvent = z.object({
  type: z.literal('run-end'),
  atMs: numberSchema,
  run: countSchema,
  invalid: z.array(textSchema),
  error: textSchema.nullable(),
});

/** The value of one arm in a round: null when its run is excluded, and why. */
const armFigure = z.object({
  arm: countSchema,
  value: numberSchema.nullable(),
  excluded: textSchema.nullable(),
});

/** One arm against the base, over all rounds so far. */
const standing = z.object({
  arm: countSchema,
  pairs: countSchema,
  /** Values of the base and of this arm over all valid rounds; null while there are too few. */
  base: numberSchema.nullable(),
  head: numberSchema.nullable(),
  /** Head over base, and its interval; null while there are too few rounds. */
  ratio: numberSchema.nullable(),
  lower: numberSchema.nullable(),
  upper: numberSchema.nullable(),
});

/** A round of a comparison is over. All figures are of `metric`, its first gating metric. */
const roundEvent = z.object({
  type: z.literal('round'),
  atMs: numberSchema,
  round: countSchema,
  rounds: countSchema,
  metric: textSchema,
  unit: z.enum(METRIC_UNITS),
  figures: z.array(armFigure),
  standings: z.array(standing),
});

/** A step of a search or of a calibration is over. */
const stepEvent = z.object({
  type: z.literal('step'),
  atMs: numberSchema,
  step: countSchema,
  /** How many steps there are at most. */
  steps: countSchema,
  title: textSchema,
  /** `passed`, `failed` and other outcomes of the command. */
  outcome: textSchema,
  detail: textSchema,
});

/** The last event. */
const endEvent = z.object({
  type: z.literal('end'),
  atMs: numberSchema,
  /** `complete`, `partial` where the user stopped it, `failed` where nothing was measured. */
  status: z.enum(['complete', 'partial', 'failed']),
});

export const progressSchema = z.discriminatedUnion('type', [
  beginEvent,
  runEvent,
  phaseEvent,
  secondEvent,
  runEndEvent,
  roundEvent,
  stepEvent,
  endEvent,
]);

export type ProgressEvent = z.infer<typeof progressSchema>;
export type ProgressOf<Type extends ProgressEvent['type']> = Extract<ProgressEvent, { type: Type }>;
export type LiveLatency = z.infer<typeof liveLatencySchema>;
export type PlannedPhase = z.infer<typeof plannedPhase>;

/** What a run reports of itself. The command adds its place and its time. */
export type RunProgress =
  | Omit<ProgressOf<'phase'>, 'atMs' | 'run'>
  | Omit<ProgressOf<'second'>, 'atMs' | 'run'>;

/** What a command reports. The feed adds the time. */
export type Unstamped = ProgressEvent extends infer Event
  ? Event extends ProgressEvent
    ? Omit<Event, 'atMs'>
    : never
  : never;
