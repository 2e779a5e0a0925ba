import { plural } from '../text.ts';
import type { MetricDefinition, MetricUnit, Tolerance } from './counts.ts';
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
import { serverRssPerHour } from './windows.ts';

export { formatLimit, formatMeasured as formatMetric } from '../units.ts';
export {
  COUNT_NAMES,
  COUNTS,
  type CountName,
  isCount,
  METRIC_UNITS,
  type MetricUnit,
  type Tolerance,
} from './counts.ts';

/** A table of reports whose columns are figures: connections, what deliveries cost, and the summary of many runs. */
export type FigureTable = 'connections' | 'cost' | 'summary';

/** A metric with its value in a run; null where the run does not have it. */
export interface Figure extends MetricDefinition {
  readonly unit: Exclude<MetricUnit, 'count'>;
  /** The tables that have a column for it, in the order of the catalogue. */
  readonly tables: readonly FigureTable[];
  /** `server`: it needs telemetry of the server process. */
  readonly source: 'server' | 'clients';
  readonly value: (result: RunResult) => number | null;
  /** Why the run has no value: it would be larger than any. Null where the value is known, or unknown. */
  readonly endless?: (result: RunResult) => string | null;
}

const USUAL: Tolerance = { delta: 0.05, floor: 0 };

const serverProcesses = (result: RunResult) => measuredProcesses(result.telemetry.servers, result);
const generatorProcesses = (result: RunResult) => measuredProcesses(result.telemetry.workers, result);

const OF_CLIENTS = { better: 'lower', isGating: false, tolerance: USUAL, source: 'clients' } as const;
const OF_SERVER = { ...OF_CLIENTS, source: 'server' } as const;

/** Absences that should have ended. */
function neverBack(disruptions: RunResult['disruptions']): number {
  return disruptions.reduce((sum, { clients, back, untried }) => sum + clients - back - untried, 0);
}

/** Figures of a whole run, beside its series and counts. */
export const FIGURES = {
  server_cpu_per_delivery: {
    ...OF_SERVER,
    title: 'server CPU/delivery',
    unit: 'duration',
    meaning: 'CPU time of all server processes per delivery or request',
    isGating: true,
    tolerance: { delta: 0.05, floor: 500 },
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
    tolerance: { delta: 0.05, floor: 8 * 1024 ** 2 },
    tables: [],
    value: serverRssBytes,
  },
  rss_slope: {
    ...OF_SERVER,
    title: 'server RSS growth/h',
    unit: 'bytes',
    meaning:
      'growth of the resident memory of all server processes per hour, without the first fifth of the run',
    tolerance: { delta: 0.05, floor: 1024 ** 2 },
    tables: [],
    value: (result) => {
      const perHour = serverRssPerHour(result);
      return perHour === null ? null : Math.max(0, perHour);
    },
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
      'longest time from the end of a connection until its client was in its rooms again; endless if one never was',
    tables: [],
    value: ({ disruptions }) =>
      neverBack(disruptions) > 0
        ? null
        : largest(disruptions.flatMap(({ away }) => (away.lastMs === null ? [] : [away.lastMs * 1e6]))),
    endless: ({ disruptions }) => {
      const never = neverBack(disruptions);
      return never === 0 ? null : `${plural(never, 'client')} never came back`;
    },
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
