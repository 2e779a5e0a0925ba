import type { RunResult } from './run-result.ts';
import { measuredProcesses, receivedInTime, serverCpuPerDeliveryNs } from './view.ts';

/** What a metric is counted in; durations are nanoseconds, shares run from 0 to 1. */
export const METRIC_UNITS = ['duration', 'bytes', 'average', 'rate', 'share', 'count'] as const;
export type MetricUnit = (typeof METRIC_UNITS)[number];
/** A figure is never a count. */
export type FigureUnit = Exclude<MetricUnit, 'count'>;

/** A number that a whole run has, beside its series and counts. */
export interface Figure {
  /** As in thresholds and columns. */
  readonly name: string;
  readonly title: string;
  readonly unit: FigureUnit;
  readonly meaning: string;
  /** Null where the run does not tell. */
  readonly value: (result: RunResult) => number | null;
}

/** An amount for each delivery in the measured time, or each request; null when there was none. */
function perDelivery(result: RunResult, amount: number): number | null {
  const delivered = receivedInTime(result);
  return delivered === 0 ? null : amount / delivered;
}

function mostOf(values: ReadonlyArray<number | null>): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.max(...known);
}

const servers = (result: RunResult) => measuredProcesses(result.telemetry.servers, result);
const workers = (result: RunResult) => measuredProcesses(result.telemetry.workers, result);

export const FIGURES = {
  server_cpu_per_delivery: {
    title: 'server CPU/delivery',
    unit: 'duration',
    meaning: 'CPU time of all server processes, per delivery or request',
    value: serverCpuPerDeliveryNs,
  },
  server_cpu: {
    title: 'server CPU',
    unit: 'share',
    meaning: 'CPU time of all server processes over the measured time; 100 % is one core',
    value: (result) => {
      const processes = servers(result);
      return processes.length === 0
        ? null
        : processes.reduce((sum, { measured }) => sum + measured.cpuRatio, 0);
    },
  },
  server_loop_utilization: {
    title: 'server event-loop utilization',
    unit: 'share',
    meaning: 'event-loop utilization of the busiest server process',
    value: (result) => mostOf(servers(result).map(({ measured }) => measured.loopUtilization)),
  },
  server_rss: {
    title: 'server RSS',
    unit: 'bytes',
    meaning: 'maximum resident memory of the largest server process',
    value: (result) => mostOf(servers(result).map(({ measured }) => measured.rssMaxBytes)),
  },
  traffic_per_delivery: {
    title: 'bytes/delivery',
    unit: 'bytes',
    meaning: 'bytes that all clients sent and received on the wire, per delivery or request',
    value: (result) => perDelivery(result, result.traffic.sentBytes + result.traffic.receivedBytes),
  },
  requests_per_delivery: {
    title: 'requests/delivery',
    unit: 'average',
    meaning: 'HTTP requests of all clients, per delivery or request',
    value: (result) => perDelivery(result, result.traffic.requests),
  },
  empty_polls: {
    title: 'empty polls',
    unit: 'share',
    meaning: 'share of the polling requests that returned no message',
    value: ({ traffic }) => (traffic.polls === 0 ? null : traffic.emptyPolls / traffic.polls),
  },
  sent: {
    title: 'sent',
    unit: 'rate',
    meaning: 'messages sent per second',
    value: ({ rate }) => rate.achievedHz,
  },
  generator_utilization: {
    title: 'generator utilization',
    unit: 'share',
    meaning: 'event-loop utilization of the busiest generator process, without pacing',
    value: (result) => mostOf(workers(result).map(({ measured }) => measured.workUtilization)),
  },
} as const satisfies Readonly<Record<string, Omit<Figure, 'name'>>>;

export type FigureName = keyof typeof FIGURES;

export const FIGURE_NAMES = Object.keys(FIGURES) as readonly FigureName[];

export function isFigure(name: string): name is FigureName {
  return Object.hasOwn(FIGURES, name);
}
