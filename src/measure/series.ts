/** What one independent sample of a series is: all receivers of one broadcast share its fate. */
export const SAMPLE_UNITS = ['broadcast', 'request', 'iteration', 'push', 'connection', 'sample'] as const;
export type SampleUnit = (typeof SAMPLE_UNITS)[number];

/** One named series of times, all in nanoseconds. */
export interface SeriesDefinition<Name extends string = string> {
  readonly name: Name;
  /** What one value is, for reports. */
  readonly meaning: string;
  /** Whether 0 is a possible value. Where it is not, a value of 0 or less is a clock fault and invalidates the run. */
  readonly mayBeZero: boolean;
  /** The series with one value per independent sample; `headline` for the headline series, null for this one. */
  readonly sampledBy: string | null;
  /** What one independent sample is called where this series is the headline. */
  readonly sampleUnit: SampleUnit;
}

function defineSeries<Name extends string>(
  name: Name,
  meaning: string,
  properties: Partial<Omit<SeriesDefinition, 'name' | 'meaning'>> = {},
): SeriesDefinition<Name> {
  return { name, meaning, mayBeZero: false, sampledBy: null, sampleUnit: 'sample', ...properties };
}

const PER_BROADCAST = { sampledBy: 'fanout_last', sampleUnit: 'broadcast' } as const;
const PER_REQUEST = { sampledBy: 'reply_last', sampleUnit: 'request' } as const;

const DEFINITIONS = [
  defineSeries('delivery', 'intended send to receipt, per receiver', PER_BROADCAST),
  defineSeries('delivery_actual', 'actual send to receipt, per receiver', PER_BROADCAST),
  defineSeries('freshness', 'age of the newest message at a receiver, sampled ten times a second', {
    mayBeZero: true,
  }),
  defineSeries('fanout_first', 'intended send to the first receiver, per broadcast'),
  defineSeries('fanout_median', 'intended send to the median receiver, per broadcast'),
  defineSeries('fanout_last', 'intended send to the last receiver reached, per broadcast'),
  defineSeries('fanout_skew', 'first receiver to last receiver reached, per broadcast', { mayBeZero: true }),
  defineSeries('ack', 'intended send to acknowledgement, per request', { sampleUnit: 'request' }),
  defineSeries('ack_actual', 'actual send to acknowledgement, per request'),
  defineSeries(
    'delivery_same_node',
    'intended send to receipt, where one process serves both clients',
    PER_BROADCAST,
  ),
  defineSeries(
    'delivery_cross_node',
    'intended send to receipt, between clients of different processes',
    PER_BROADCAST,
  ),
  defineSeries('reply', 'intended send of a request to each of its replies', PER_REQUEST),
  defineSeries('reply_actual', 'actual send of a request to each of its replies', PER_REQUEST),
  defineSeries('reply_first', 'intended send of a request to its first reply'),
  defineSeries('reply_last', 'intended send of a request to the last reply received'),
  defineSeries('iteration', 'due time of an iteration to the end of its last step', {
    sampleUnit: 'iteration',
  }),
  defineSeries('iteration_actual', 'start of an iteration to the end of its last step'),
  defineSeries('push_latency', "server's sending to receipt, on one host's wall clock, per push and client", {
    mayBeZero: true,
    sampledBy: 'push_skew',
    sampleUnit: 'push',
  }),
  defineSeries('push_gap', 'time between two server pushes, per client', {
    mayBeZero: true,
    sampledBy: 'push_skew',
    sampleUnit: 'push',
  }),
  defineSeries('push_skew', 'first receiver to last receiver reached, per push', {
    mayBeZero: true,
    sampleUnit: 'push',
  }),
  defineSeries('delivery_before', 'intended send to receipt, before the plan keeps clients from reading'),
  defineSeries(
    'delivery_others',
    'intended send to receipt, at clients that read while the plan keeps others from reading',
  ),
  defineSeries('delivery_slow', 'intended send to receipt, at clients that the plan keeps from reading'),
  defineSeries(
    'replay',
    'due time to receipt, per message that was replayed to a receiver that had been away',
  ),
  defineSeries('back', 'end of a connection to being connected and in its rooms again, per absence', {
    sampleUnit: 'connection',
  }),
  defineSeries('rejoin', 'start of connecting again to being in the rooms again, per absence'),
  defineSeries('back_receiving', 'end of a connection to the first new message after it, per absence', {
    sampleUnit: 'connection',
  }),
  defineSeries('ack_server', "server's question to the client's answer, on the server's clock, per request"),
  defineSeries('send_lag', 'intended to actual send: how late the generator was', { mayBeZero: true }),
  defineSeries('target_function', 'call of an async function of the target to the send, per message', {
    mayBeZero: true,
  }),
  defineSeries('handshake', 'intended start of connecting to ready for use, per connection', {
    sampleUnit: 'connection',
  }),
  defineSeries('connection_age', 'ready for use to the end of a connection that was cut, at most 1 h', {
    sampleUnit: 'connection',
  }),
  defineSeries('connect', 'start of connecting to ready for use, per connection'),
  defineSeries('connect_upgraded', 'start of connecting by polling to WebSocket, per client'),
  defineSeries('relay_added', 'how much longer than configured the relay of --network held bytes', {
    mayBeZero: true,
  }),
  defineSeries('receive_uncertainty', 'upper bound on the error of a receive time, per message', {
    mayBeZero: true,
    sampledBy: 'headline',
  }),
] as const;

export type SeriesName = (typeof DEFINITIONS)[number]['name'];

/** Every series of the harness, in the order of reports. */
export const SERIES: readonly SeriesDefinition<SeriesName>[] = DEFINITIONS;

/** The series of one run in the order of reports: the scenario's own, of which 0 is valid, then {@link SERIES}. */
export function seriesOfRun(own: Readonly<Record<string, string>> = {}): readonly SeriesDefinition[] {
  const ownSeries = Object.entries(own).map(([name, meaning]) =>
    defineSeries(name, meaning, { mayBeZero: true, sampledBy: seriesNamed(name)?.sampledBy ?? null }),
  );
  // Those of populations and links follow the series that they are a part of.
  const [linked, others] = [true, false].map((is) =>
    ownSeries.filter(({ name }) => (seriesNamed(name) !== undefined) === is),
  );
  return [
    ...(others ?? []),
    ...SERIES.flatMap((series) => [
      series,
      ...(linked ?? []).filter(({ name }) => seriesNamed(name) === series),
    ]),
  ];
}

/** The series of the clients of one population: `delivery{mobile}`. */
export function ofPopulation(series: string, population: string): string {
  return `${series}{${population}}`;
}

/** Whether the values of a series are of clients that connect, which is before the measured time. */
export function isOfConnecting(series: string): boolean {
  return /^connect(_upgraded)?(\{|$)/.test(series);
}

/** What stands behind the name of a series that is a part of another. */
const PART_OF_SERIES = /(\{[\w-]+\})?(_(unstalled|across_hosts|without_link))*$/;

/**
 * The definition of a series of the harness, also without its stalls, across hosts, of one population or without links;
 * undefined for a scenario's own.
 */
export function seriesNamed(name: string): SeriesDefinition | undefined {
  const whole = name.slice(0, PART_OF_SERIES.exec(name)?.index);
  return SERIES.find((each) => each.name === whole);
}

/** The series with one value per independent sample of a headline: broadcasts for `delivery`, requests for `ack`. */
export function samplingSeries(headline: string): string {
  return seriesNamed(headline)?.sampledBy ?? headline;
}

const UNSTALLED = '_unstalled';

/** The series that holds the values of another one without the time for which the generator was held up. */
export function unstalled(series: string): string {
  return `${series}${UNSTALLED}`;
}

export function isUnstalled(series: string): boolean {
  return series.endsWith(UNSTALLED);
}

const ACROSS_HOSTS = '_across_hosts';

/**
 * The series of a shard that holds those values of another one whose sender is on another host. Whether the clocks of
 * the hosts compare well enough to use them is known only at the end.
 */
export function acrossHosts(series: string): string {
  return `${series}${ACROSS_HOSTS}`;
}

export function isAcrossHosts(series: string): boolean {
  return series.endsWith(ACROSS_HOSTS);
}

/** The series that a series across hosts belongs to. */
export function withinHost(acrossHostsSeries: string): string {
  return acrossHostsSeries.slice(0, -ACROSS_HOSTS.length);
}
