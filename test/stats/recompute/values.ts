/**
 * Values of metrics, written from docs/comparing.md alone: the usual gating ones and the informational ones beside
 * them.
 */
import hdr from 'hdr-histogram-js';

export interface Finding {
  readonly code: string;
  readonly soundUpTo?: number;
}
interface Sample {
  readonly atMs: number;
  readonly lengthMs: number;
  readonly cpuMs: number;
  readonly rssBytes: number;
}
interface Reference {
  readonly runtime: string;
  readonly version: string | null;
}
export interface Result {
  readonly invalid: readonly Finding[];
  readonly plan: Readonly<Record<string, unknown>> & {
    readonly settings: Readonly<Record<string, unknown>>;
    readonly scenarioOptions: Readonly<Record<string, unknown>>;
    readonly target: {
      readonly protocol: string;
      readonly namespace: unknown;
      readonly reference: Reference | null;
    };
  };
  readonly environment: Readonly<Record<string, unknown>> & {
    readonly totalMemoryBytes: number;
    readonly packages: Readonly<Record<string, string>>;
  };
  readonly receiving: { readonly clock: string };
  readonly tool: { readonly version: string };
  readonly headline: string;
  readonly timing: { readonly measureMs: number };
  readonly rate: { readonly achievedHz: number; readonly sent: number };
  readonly failed: readonly { readonly count: number }[];
  readonly rejected: readonly { readonly count: number }[];
  readonly samples: { readonly count: number; readonly unit: string };
  readonly series: Readonly<Record<string, { readonly count: number; readonly histogram: string }>>;
  readonly intervals: readonly {
    readonly startMs: number;
    readonly series: Readonly<Record<string, string>>;
  }[];
  readonly ledger: Readonly<Record<string, unknown>> & { readonly delivered: number };
  readonly telemetry: {
    readonly servers: readonly { readonly source: string; readonly samples: readonly Sample[] }[];
  };
  readonly traffic: {
    readonly sentBytes: number;
    readonly receivedBytes: number;
    readonly requests: number;
  };
}
export const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
export const ascending = (values: readonly number[]) => [...values].sort((a, b) => a - b);
const decode = (base64: string) => hdr.decodeFromCompressedBase64(base64, 64);

const SAMPLED_BY: Readonly<Record<string, string>> = {
  delivery: 'fanout_last',
  delivery_actual: 'fanout_last',
  reply: 'reply_last',
  push_gap: 'push_skew',
};

function independentSamples({ series, samples }: Result, name: string): number {
  const by = SAMPLED_BY[name];
  const most = name === 'receive_uncertainty' ? samples.count : Number.POSITIVE_INFINITY;
  return Math.min(series[name]?.count ?? 0, most, by === undefined ? most : (series[by]?.count ?? 0));
}

function deliveries({ series, intervals, ledger, timing, headline }: Result): number {
  const name = series['delivery']?.count === ledger.delivered ? 'delivery' : headline;
  const measured = intervals.filter(({ startMs }) => startMs < timing.measureMs);
  const counts = measured
    .map((interval) => interval.series[name])
    .map((each) => (each ? decode(each).totalCount : 0));
  const all = series[name]?.count ?? 0;
  return ledger.delivered === 0 ? sum(counts) : Math.round((sum(counts) * ledger.delivered) / all);
}

function figure(name: string, result: Result): number | null {
  const { telemetry, timing, traffic, rate } = result;
  const processes = telemetry.servers.map(({ samples }) =>
    samples
      .map((each) => ({
        ...each,
        from: Math.max(each.atMs - each.lengthMs, 0),
        to: Math.min(each.atMs, timing.measureMs),
      }))
      .filter(({ from, to }) => to > from),
  );
  const parts = processes.flat();
  if (name === 'sent') return rate.achievedHz;
  if (name === 'server_rss') {
    // Each process counts once, even where two of its samples overlap.
    const at = (time: number) =>
      processes.map((own) => own.find(({ from, to }) => from < time && time <= to)?.rssBytes ?? 0);
    return parts.length === 0 ? null : Math.max(...parts.map(({ to }) => sum(at(to))));
  }
  const each = deliveries(result);
  if (each === 0) return null;
  if (name === 'traffic_per_delivery') return (traffic.sentBytes + traffic.receivedBytes) / each;
  if (name === 'requests_per_delivery') return traffic.requests / each;
  if (name !== 'server_cpu_per_delivery') throw new Error(`no such figure: ${name}`);
  if (parts.length === 0) return null;
  // Whether a moment is covered changes only at the ends of samples.
  const ends = ascending(parts.flatMap(({ from, to }) => [from, to]));
  const covered = ends.slice(1).map((end, i) => {
    const start = ends[i] ?? end;
    return parts.some(({ from, to }) => from <= start && end <= to) ? end - start : 0;
  });
  const cpuMs = sum(parts.map(({ cpuMs: ms, lengthMs, from, to }) => (ms * (to - from)) / lengthMs));
  if (cpuMs < 500 && telemetry.servers.some(({ source }) => source === 'proc')) return null;
  return (cpuMs * timing.measureMs * 1e6) / sum(covered) / each;
}

/** Of one run; null where it has none. */
export function metricOf(name: string, result: Result): number | null {
  if (name === 'failed' || name === 'rejected') return sum(result[name].map(({ count }) => count));
  const counted = result.ledger[name];
  if (typeof counted === 'number') return counted;
  const [, series = '', statistic = ''] = /^(\w+)\.(p[\d.]+|min|max|mean)$/.exec(name) ?? [];
  if (series === '') return figure(name, result);
  const stored = result.series[series];
  if (stored === undefined) return null;
  const percent = statistic === 'min' ? 0 : statistic === 'max' ? 100 : Number(statistic.slice(1));
  if (statistic === 'mean') return decode(stored.histogram).mean;
  const isShort = independentSamples(result, series) * (100 - percent) < 200 - 1e-6;
  return statistic.startsWith('p') && isShort ? null : decode(stored.histogram).getValueAtPercentile(percent);
}
