/** One named series of times, all in nanoseconds. */
export interface SeriesDefinition {
  readonly name: string;
  /** What one value is, for reports. */
  readonly meaning: string;
  /** Whether 0 is a possible value; where it is not, 0 or less is a fault of the clock and makes a run invalid. */
  readonly mayBeZero: boolean;
}

const DEFINITIONS = [
  ['delivery', 'intended sending -> received, for each receiver', false],
  ['delivery_actual', 'actual sending -> received, for each receiver', false],
  ['fanout_first', 'intended sending -> first receiver, for each broadcast', false],
  ['fanout_median', 'intended sending -> median receiver, for each broadcast', false],
  ['fanout_last', 'intended sending -> last receiver reached, for each broadcast', false],
  ['fanout_skew', 'first receiver -> last receiver reached, for each broadcast', true],
  ['ack', 'intended sending -> acknowledgement, for each request', false],
  ['ack_actual', 'actual sending -> acknowledgement, for each request', false],
  ['delivery_same_node', 'intended sending -> received, where one process serves both clients', false],
  [
    'delivery_cross_node',
    'intended sending -> received, from a client of one process to one of another',
    false,
  ],
  ['reply', 'intended sending of a request -> each of its replies', false],
  ['reply_actual', 'actual sending of a request -> each of its replies', false],
  ['reply_first', 'intended sending of a request -> first reply', false],
  ['reply_last', 'intended sending of a request -> last reply that came', false],
  ['iteration', 'when a visit was due -> end of its last step', false],
  ['iteration_actual', 'when a visit began -> end of its last step', false],
  ['push_gap', 'between two pushes of the server, for each client', true],
  ['push_skew', 'first receiver -> last receiver reached, for each push', true],
  ['ack_server', "server's question -> client's answer on the server's own clock, for each request", false],
  ['send_lag', 'intended -> actual sending: how late the generator was', true],
  ['connect', 'start of connecting -> ready for use, for each connection', false],
  ['connect_upgraded', 'start of connecting by polling -> on WebSocket, for each client', false],
  ['receive_uncertainty', 'by how much a receive time may be too late, for each message', true],
] as const;

export type SeriesName = (typeof DEFINITIONS)[number][0];

/** Every series, in the order of reports. */
export const SERIES: readonly SeriesDefinition[] = DEFINITIONS.map(([name, meaning, mayBeZero]) => ({
  name,
  meaning,
  mayBeZero,
}));

/** The series of one run in the order of reports: the scenario's own, of which 0 is no fault, then those above. */
export function seriesOfRun(own: Readonly<Record<string, string>> = {}): readonly SeriesDefinition[] {
  const ours = Object.entries(own).map(([name, meaning]) => ({ name, meaning, mayBeZero: true }));
  return [...ours, ...SERIES];
}
