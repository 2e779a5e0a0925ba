import { largest } from './order-statistics.ts';
import type { RunResult } from './run-result.ts';
import {
  generatorCpuPerDeliveryNs,
  measuredProcesses,
  perDelivery,
  receivedInTime,
  rssPerConnection,
  serverCpuPerDeliveryNs,
  serverRssBytes,
} from './telemetry.ts';

export { formatLimit, formatMeasured as formatMetric } from '../units.ts';

/** What a metric is measured in. Durations are nanoseconds, rates are per second, shares run from 0 to 1. */
export const METRIC_UNITS = ['duration', 'bytes', 'average', 'rate', 'share', 'count'] as const;
export type MetricUnit = (typeof METRIC_UNITS)[number];

/** Growth that a comparison tolerates: a share of the base, and a difference in the unit of the metric. */
export interface Tolerance {
  /** 0.1 tolerates a ratio of up to 1.1. */
  readonly delta: number;
  /** A smaller difference is tolerated at any ratio. */
  readonly floor: number;
}

/** A table of reports whose columns are figures: connections, what deliveries cost, and the summary of many runs. */
export type FigureTable = 'connections' | 'cost' | 'summary';

/** What is known of a metric before any run. */
interface MetricDefinition {
  readonly title: string;
  readonly unit: MetricUnit;
  readonly meaning: string;
  readonly better: 'lower' | 'higher';
  /** Whether it gates by default. */
  readonly isGating: boolean;
  readonly tolerance: Tolerance;
}

/** A metric with its value in a run; null where the run does not have it. */
export interface Figure extends MetricDefinition {
  readonly unit: Exclude<MetricUnit, 'count'>;
  /** The tables that have a column for it, in the order of the catalogue. */
  readonly tables: readonly FigureTable[];
  /** `server`: it needs telemetry of the server process. */
  readonly source: 'server' | 'clients';
  readonly value: (result: RunResult) => number | null;
}

const USUAL: Tolerance = { delta: 0.1, floor: 0 };

/** Where the base has none of a count, nothing is tolerated. */
const COUNT = {
  unit: 'count',
  better: 'lower',
  isGating: true,
  tolerance: { delta: 0.25, floor: 0 },
} as const;

/** Events that should not happen, counted over the whole run. */
export const COUNTS = {
  lost: { ...COUNT, title: 'lost', meaning: 'not delivered by the end of the drain' },
  missed: {
    ...COUNT,
    title: 'missed',
    meaning: 'not delivered to clients that were away, without a promise of the server to replay them',
    isGating: false,
  },
  replayed: {
    ...COUNT,
    title: 'replayed',
    meaning: 'delivered to clients that had been away when it was due',
    better: 'higher',
    isGating: false,
  },
  late: { ...COUNT, title: 'late', meaning: 'delivered, but slower than --late-after', isGating: false },
  duplicated: {
    ...COUNT,
    title: 'duplicates',
    meaning: 'deliveries after the first one of the same message',
  },
  reordered: {
    ...COUNT,
    title: 'out of order',
    meaning: 'delivered after a later message of the same sender',
  },
  corrupted: {
    ...COUNT,
    title: 'corrupted',
    meaning: 'received with another length than was sent or, with --verify, another content',
    // What is corrupted is lost too, which gates.
    isGating: false,
  },
  unexpected: {
    ...COUNT,
    title: 'unexpected',
    meaning: 'received by a client that it was not sent to, or never sent',
  },
  failed: {
    ...COUNT,
    title: 'failed',
    meaning: 'messages and iterations that failed',
  },
  rejected: {
    ...COUNT,
    title: 'rejected',
    meaning: 'messages and iterations that the server rejected, by its own words',
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

export type CountName = keyof typeof COUNTS;

export const COUNT_NAMES = Object.keys(COUNTS) as readonly CountName[];

export function isCount(name: string): name is CountName {
  return Object.hasOwn(COUNTS, name);
}

const serverProcesses = (result: RunResult) => measuredProcesses(result.telemetry.servers, result);
const generatorProcesses = (result: RunResult) => measuredProcesses(result.telemetry.workers, result);

const OF_CLIENTS = { better: 'lower', isGating: false, tolerance: USUAL, source: 'clients' } as const;
const OF_SERVER = { ...OF_CLIENTS, source: 'server' } as const;

/** Figures of a whole run, beside its series and counts. */
export const FIGURES = {
  server_cpu_per_delivery: {
    ...OF_SERVER,
    title: 'server CPU/delivery',
    unit: 'duration',
    meaning: 'CPU time of all server processes per delivery or request',
    isGating: true,
    tolerance: { delta: 0.1, floor: 500 },
    tables: ['cost', 'summary'],
    value: serverCpuPerDeliveryNs,
  },
  generator_cpu_per_delivery: {
    ...OF_CLIENTS,
    title: 'generator CPU/delivery',
    unit: 'duration',
    meaning: 'CPU time of all generator processes per delivery or request',
    tables: ['cost'],
    value: generatorCpuPerDeliveryNs,
  },
  server_cpu: {
    ...OF_SERVER,
    title: 'server CPU',
    unit: 'share',
    meaning: 'CPU time of all server processes over the measured time; 100 % is one core',
    tables: [],
    value: (result) => {
      const processes = serverProcesses(result);
      return processes.length === 0
        ? null
        : processes.reduce((sum, { measured }) => sum + measured.cpuRatio, 0);
    },
  },
  server_loop_utilization: {
    ...OF_SERVER,
    title: 'server event-loop utilization',
    unit: 'share',
    meaning: 'event-loop utilization of the busiest server process',
    tables: [],
    value: (result) => largest(serverProcesses(result).map(({ measured }) => measured.loopUtilization)),
  },
  server_rss: {
    ...OF_SERVER,
    title: 'server RSS',
    unit: 'bytes',
    meaning: 'maximum resident memory that all server processes held at one time',
    tolerance: { delta: 0.1, floor: 8 * 1024 ** 2 },
    tables: [],
    value: serverRssBytes,
  },
  server_memory_per_connection: {
    ...OF_SERVER,
    title: 'server memory',
    unit: 'bytes',
    meaning: 'growth of the resident memory of all server processes, per connection that was held to the end',
    tables: ['connections'],
    value: (result) => rssPerConnection(result.telemetry.servers, result),
  },
  generator_memory_per_connection: {
    ...OF_CLIENTS,
    title: 'generator memory',
    unit: 'bytes',
    meaning:
      'growth of the resident memory of all generator processes, per connection that was held to the end',
    tables: ['connections'],
    value: (result) => rssPerConnection(result.telemetry.workers, result),
  },
  time_to_last_back: {
    ...OF_CLIENTS,
    title: 'time to last back',
    unit: 'duration',
    meaning:
      'longest time from the end of a connection until its client was in its rooms again; none if one never was',
    tables: [],
    value: ({ disruptions }) =>
      disruptions.some(({ back, clients }) => back < clients)
        ? null
        : largest(disruptions.flatMap(({ away }) => (away.lastMs === null ? [] : [away.lastMs * 1e6]))),
  },
  accepted: {
    ...OF_CLIENTS,
    title: 'accepted',
    unit: 'rate',
    meaning: 'handshakes per second that were over in the measured time',
    better: 'higher',
    tables: ['connections'],
    value: (result) =>
      result.headline === 'handshake' ? (receivedInTime(result) / result.timing.measureMs) * 1000 : null,
  },
  traffic_per_delivery: {
    ...OF_CLIENTS,
    title: 'bytes/delivery',
    unit: 'bytes',
    meaning: 'bytes that all clients sent and received on the wire, per delivery or request',
    tolerance: { delta: 0.01, floor: 0 },
    tables: ['cost', 'summary'],
    value: (result) => perDelivery(result, result.traffic.sentBytes + result.traffic.receivedBytes),
  },
  requests_per_delivery: {
    ...OF_CLIENTS,
    title: 'requests/delivery',
    unit: 'average',
    meaning: 'HTTP requests of all clients, per delivery or request',
    tables: ['cost', 'summary'],
    value: (result) => perDelivery(result, result.traffic.requests),
  },
  empty_polls: {
    ...OF_CLIENTS,
    title: 'empty polls',
    unit: 'share',
    meaning: 'share of the polling requests that returned no message',
    tables: ['cost', 'summary'],
    value: ({ traffic }) => (traffic.polls === 0 ? null : traffic.emptyPolls / traffic.polls),
  },
  dropped: {
    ...OF_CLIENTS,
    title: 'dropped',
    unit: 'share',
    meaning: 'share of the deliveries that a server left out which may, as the target declares',
    tables: [],
    value: ({ ledger, plan }) =>
      plan.target.droppable && ledger.expected > 0 ? ledger.dropped / ledger.expected : null,
  },
  sent: {
    ...OF_CLIENTS,
    title: 'sent',
    unit: 'rate',
    meaning: 'messages sent per second',
    better: 'higher',
    tables: [],
    value: ({ rate }) => rate.achievedHz,
  },
  generator_utilization: {
    ...OF_CLIENTS,
    title: 'generator utilization',
    unit: 'share',
    meaning: 'event-loop utilization of the busiest generator process, without pacing',
    tables: ['cost'],
    value: (result) => largest(generatorProcesses(result).map(({ measured }) => measured.workUtilization)),
  },
} as const satisfies Readonly<Record<string, Figure>>;

export type FigureName = keyof typeof FIGURES;

export const FIGURE_NAMES = Object.keys(FIGURES) as readonly FigureName[];

export function isFigure(name: string): name is FigureName {
  return Object.hasOwn(FIGURES, name);
}
