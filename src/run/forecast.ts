import { profileCount } from '../load/profile.ts';
import { routeOf } from '../load/route.ts';
import { layoutOf, type Plan } from '../plan.ts';
import { isObserving, type Scenario, type Stream } from '../scenario.ts';

/** Rounding makes the area under a profile a little more than it is. */
const COUNT_TOLERANCE = 1e-9;

/** Counts by series; null once a part of it is not known. */
class Counts {
  readonly bySeries = new Map<string, number | null>();

  add(series: string, count: number | null): void {
    const known = this.bySeries.get(series) ?? (this.bySeries.has(series) ? null : 0);
    this.bySeries.set(series, known === null || count === null ? null : known + count);
  }
}

/**
 * The series that a run of this plan may record, each with the number of its independent samples when all goes
 * well; null where only the run can show it. With random arrivals the numbers are averages.
 */
export function forecastSamples(plan: Plan, scenario: Scenario): ReadonlyMap<string, number | null> {
  const { clients, transport, profile } = plan;
  const layout = layoutOf(plan, scenario);
  const counts = new Counts();
  counts.add('connect', clients);
  if (transport === 'upgrade') counts.add('connect_upgraded', clients);
  counts.add('receive_uncertainty', null);
  if (isObserving(layout)) {
    for (const series of ['push_gap', 'push_skew']) counts.add(series, null);
    return counts.bySeries;
  }
  const messages = Math.ceil(profileCount(profile) - COUNT_TOLERANCE);
  counts.add('send_lag', messages);
  for (const [index, stream] of layout.streams.entries()) {
    // The k-th message goes to stream k modulo their number.
    const share = Math.max(0, Math.ceil((messages - index) / layout.streams.length));
    if (stream.operation.kind === 'steps') addVisits(counts, share, scenario, stream, plan);
    else if (stream.receivers.length > 0) addMessages(counts, share, stream, plan);
  }
  return counts.bySeries;
}

/** What becomes of `count` messages of a stream. */
function addMessages(counts: Counts, count: number | null, stream: Stream, { headline, target }: Plan): void {
  const { series, broadcast } = routeOf(stream, headline);
  counts.add(series, count);
  if (series === headline) counts.add(`${series}_actual`, count);
  if (stream.operation.kind === 'ask-me') counts.add('ack_server', count);
  // A target of the user's may have what is published acknowledged.
  if (stream.operation.kind === 'publish' && target.file !== null) {
    for (const name of ['ack', 'ack_actual']) counts.add(name, null);
  }
  if (broadcast === null) return;
  for (const name of Object.values(broadcast)) if (name !== null) counts.add(name, count);
  if (target.reference?.hasNodes !== true) return;
  // How the clients are shared among processes is not ours to say.
  for (const name of ['delivery_same_node', 'delivery_cross_node']) counts.add(name, null);
}

/** A visit may publish, request and record into the scenario's own series as often as it likes. */
function addVisits(counts: Counts, count: number, scenario: Scenario, stream: Stream, plan: Plan): void {
  for (const series of ['journey', 'journey_actual']) counts.add(series, count);
  for (const series of ['ack', 'ack_actual', ...Object.keys(scenario.series ?? {})]) counts.add(series, null);
  addMessages(counts, null, stream, plan);
}
