import { formatCount } from '../src/units.ts';
import { BENCH_PROTOCOLS, type BenchProtocol } from './protocols.ts';
import type { ClientFigures, MeasuredName, Workload } from './workload.ts';

/** A workload over any protocol. */
export type Load = Omit<Workload, 'protocol'>;

/** What was measured over one protocol in one round, by load and arm; empty where nothing was. */
export type Lookup = (load: string, arm: string) => ClientFigures;

/** The arm of a row, and the one that ratios refer to. */
export interface Compared {
  readonly arm: string;
  readonly base: string;
}

/** A value of one arm in one round; undefined where it is not known. */
export type ValueOf = (of: Lookup, compared: Compared) => number | undefined;

/** A column of a table, which shows the median of the rounds. */
export interface BenchFigure {
  readonly title: string;
  /** Empty for a ratio. */
  readonly unit: string;
  readonly value: ValueOf;
}

/** A table of figures, with a row for each protocol and arm. */
export interface BenchSection {
  readonly name: string;
  readonly title: string;
  readonly plan: string;
  /** What a reader of the page must know about the figures. */
  readonly note: string;
  readonly protocols: readonly BenchProtocol[];
  /** The arms that it is limited to; null for all. */
  readonly arms: readonly string[] | null;
  readonly loads: readonly Load[];
  readonly figures: readonly BenchFigure[];
  /** In how many of the rounds it is measured. */
  readonly rounds: number;
}

/** Length and extent of a benchmark. */
export interface Extent {
  readonly rounds: number;
  readonly measureMs: number;
  readonly warmupMs: number;
  /** Numbers of connections, ascending, for memory and for the growth of the cost per delivery. */
  readonly idle: readonly number[];
  readonly scale: readonly number[];
}

const RECEIVERS = 200;
const BROADCASTS_HZ = 100;
const REQUESTS_HZ = 1000;
const PACED_HZ = 100;
const DELIVERIES_HZ = 20_000;
/** Memory is compared with that of a client with so few connections. */
const FEW = 2;

const single =
  (load: string, name: MeasuredName): ValueOf =>
  (of, { arm }) =>
    of(load, arm)[name];

/** Applies a function to values that are all known. */
function whereKnown(values: ReadonlyArray<number | undefined>, apply: (...known: number[]) => number) {
  const known = values.filter((value) => value !== undefined);
  return known.length < values.length ? undefined : apply(...known);
}

/** CPU time over that of the base. */
export const cpuOverBase =
  (load: string): ValueOf =>
  (of, { arm, base }) =>
    whereKnown([of(load, arm).cpu, of(load, base).cpu], (over, under) => over / under);

/** CPU time over that of the server of the same run. */
export const cpuOverServer: ValueOf = (of, { arm }) => {
  const { cpu, server } = of('delivery', arm);
  return whereKnown([cpu, server], (over, under) => over / under);
};

/** What a process that sends uses beyond one that receives the same messages, in percent of a core. */
export const pacingCost: ValueOf = (of, { arm }) =>
  whereKnown([of('paced', arm).sends, of('paced', arm).receives], (sends, receives) => sends - receives);

/** A figure of a run over that of the run without a dashboard. */
const overAlone =
  (name: MeasuredName): ValueOf =>
  (of, { arm }) =>
    whereKnown([of('dashboard', arm)[name], of('dashboard', 'alone')[name]], (over, under) => over / under);

export const lagP99 = single('paced', 'lagP99');

/** KiB per connection. */
export const memoryOf =
  (connections: number): ValueOf =>
  (of, { arm }) =>
    whereKnown(
      [of(`${connections}`, arm).rss, of(`${FEW}`, arm).rss],
      (many, few) => (many - few) / (connections - FEW),
    );

/** The highest CPU time per delivery over the lowest. */
export const growthOver =
  (scale: readonly number[]): ValueOf =>
  (of, { arm }) =>
    whereKnown(
      scale.map((count) => of(`${count}`, arm).cpu),
      (...costs) => Math.max(...costs) / Math.min(...costs),
    );

/** All sections, in the order of the page. */
export function sectionsOf({ rounds, measureMs, warmupMs, idle, scale }: Extent): readonly BenchSection[] {
  const times = { measureMs, warmupMs };
  return [
    {
      name: 'delivery',
      title: 'CPU per delivery',
      plan: `${RECEIVERS} receivers, ${BROADCASTS_HZ} broadcasts/s of 64 B`,
      note: '`x server` is the CPU time of the client over that of the server in the same run.',
      protocols: BENCH_PROTOCOLS,
      arms: null,
      loads: [
        { name: 'delivery', kind: 'broadcast', connections: RECEIVERS, rateHz: BROADCASTS_HZ, ...times },
      ],
      figures: [
        { title: 'client', unit: 'µs', value: single('delivery', 'cpu') },
        { title: 'x floor', unit: '', value: cpuOverBase('delivery') },
        { title: 'server', unit: 'µs', value: single('delivery', 'server') },
        { title: 'x server', unit: '', value: cpuOverServer },
      ],
      rounds,
    },
    {
      name: 'request',
      title: 'CPU per acknowledged request',
      plan: `${RECEIVERS} clients in turn, ${formatCount(REQUESTS_HZ)} requests/s of 64 B`,
      note: 'Sending and receiving are both part of it.',
      protocols: BENCH_PROTOCOLS,
      arms: null,
      loads: [{ name: 'request', kind: 'request', connections: RECEIVERS, rateHz: REQUESTS_HZ, ...times }],
      figures: [
        { title: 'client', unit: 'µs', value: single('request', 'cpu') },
        { title: 'x floor', unit: '', value: cpuOverBase('request') },
        { title: 'server', unit: 'µs', value: single('request', 'server') },
      ],
      rounds: 1,
    },
    {
      name: 'pacing',
      title: 'Pacing',
      plan: `one process sends ${PACED_HZ} messages/s, another receives them; 100 % is one core`,
      note: 'The sender paces, the receiver of the same messages does not: `more` is the difference between them: what pacing costs, and by how much sending costs more than receiving. `it spins` is the time for which a process reports to wait actively. Lag is the time from the intended to the actual send.',
      protocols: ['ws'],
      arms: null,
      loads: [{ name: 'paced', kind: 'paced', connections: FEW, rateHz: PACED_HZ, ...times }],
      figures: [
        { title: 'sender', unit: '%', value: single('paced', 'sends') },
        { title: 'it spins', unit: '%', value: single('paced', 'senderSpins') },
        { title: 'receiver', unit: '%', value: single('paced', 'receives') },
        { title: 'it spins', unit: '%', value: single('paced', 'receiverSpins') },
        { title: 'more', unit: '%', value: pacingCost },
        { title: 'lag p50', unit: 'µs', value: single('paced', 'lagP50') },
        { title: 'lag p99', unit: 'µs', value: lagP99 },
      ],
      rounds: 1,
    },
    {
      name: 'dashboard',
      title: 'Dashboard',
      plan: `${RECEIVERS} receivers, ${BROADCASTS_HZ} broadcasts/s of 64 B, with and without --dashboard in turn`,
      note: 'A viewer reads the events of the dashboard. `x without` is the figure over that of the run without a dashboard in the same round.',
      protocols: ['ws'],
      arms: ['alone', 'viewed'],
      loads: [
        { name: 'dashboard', kind: 'watched', connections: RECEIVERS, rateHz: BROADCASTS_HZ, ...times },
      ],
      figures: [
        { title: 'generator', unit: 'µs', value: single('dashboard', 'cpu') },
        { title: 'x without', unit: '', value: overAlone('cpu') },
        { title: 'delivery p50', unit: 'µs', value: single('dashboard', 'deliveryP50') },
        { title: 'x without', unit: '', value: overAlone('deliveryP50') },
      ],
      rounds: 2 * rounds,
    },
    {
      name: 'idle',
      title: 'Memory per idle connection',
      plan: `resident memory beyond that of ${FEW}; they open as fast as the server accepts`,
      note: 'Connections per second include handshakes, and are limited by the server too.',
      protocols: BENCH_PROTOCOLS,
      arms: null,
      loads: [FEW, ...idle].map((connections) => ({
        ...{ name: `${connections}`, kind: 'idle' as const, connections, rateHz: 0 },
        ...{ warmupMs: 0, measureMs: Math.max(3000, measureMs) },
      })),
      figures: idle.flatMap((count) => [
        { title: formatCount(count), unit: 'KiB', value: memoryOf(count) },
        { title: 'connected', unit: '/s', value: single(`${count}`, 'connect') },
      ]),
      rounds: 1,
    },
    {
      name: 'scale',
      title: 'CPU per delivery by connections',
      plan: `${formatCount(DELIVERIES_HZ)} deliveries/s of 64 B`,
      note: 'More connections with the same number of deliveries touch more memory in the kernel, whatever the client does: the C floor shows how much.',
      protocols: ['ws'],
      arms: ['floor', 'wire-kernel'],
      loads: scale.map((connections) => ({
        ...{ name: `${connections}`, kind: 'broadcast' as const, connections },
        ...{ rateHz: DELIVERIES_HZ / connections, ...times },
      })),
      figures: [
        ...scale.map((count) => ({
          ...{ title: formatCount(count), unit: 'µs', value: single(`${count}`, 'cpu') },
        })),
        { title: 'max/min', unit: '', value: growthOver(scale) },
      ],
      rounds,
    },
  ];
}
