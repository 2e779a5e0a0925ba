import { isObserving, type Scenario, type Stream } from '../contract/scenario.ts';
import { OPERATIONS, routeOf } from '../generator/operations/index.ts';
import { seriesNamed } from '../measure/series.ts';
import type { Plan, PlannedRun } from '../plan/plan.ts';
import { profileMessages } from '../plan/profile.ts';
import type { FigureName } from '../result/metrics.ts';

/** Counts by series; null once a part of it is not known. */
class Counts {
  readonly bySeries = new Map<string, number | null>();

  add(series: string, count: number | null): void {
    const known = this.bySeries.get(series) ?? (this.bySeries.has(series) ? null : 0);
    this.bySeries.set(series, known === null || count === null ? null : known + count);
  }
}

/** Why a run will not have a figure, and what to do. */
export interface Unavailable {
  readonly problem: string;
  readonly hint: string;
}

/** What is known of a run before it. */
export interface RunForecast {
  readonly samples: ReadonlyMap<string, number | null>;
  /** Figures that it will not have. */
  readonly unavailable: ReadonlyMap<FigureName, Unavailable>;
}

export function forecastRun(run: PlannedRun): RunForecast {
  return { samples: forecastSamples(run), unavailable: forecastUnavailable(run.plan) };
}

/**
 * The series that a run of this plan may record, each with the number of its independent samples when all goes
 * well, which is the most where only some messages have one; null where only the run can show it. With random
 * arrivals the numbers are averages.
 */
export function forecastSamples({ plan, scenario, layout }: PlannedRun): ReadonlyMap<string, number | null> {
  const { clients, transport, profile } = plan;
  const counts = new Counts();
  counts.add('connect', clients);
  if (transport === 'upgrade') counts.add('connect_upgraded', clients);
  counts.add('receive_uncertainty', null);
  if (isObserving(layout)) {
    for (const series of ['push_gap', 'push_skew']) counts.add(series, null);
    return counts.bySeries;
  }
  const messages = profileMessages(profile);
  counts.add('send_lag', messages);
  for (const [index, stream] of layout.streams.entries()) {
    // The k-th message goes to stream k modulo their number.
    const share = Math.max(0, Math.ceil((messages - index) / layout.streams.length));
    const { starts } = OPERATIONS[stream.operation.kind];
    if (starts === 'iteration') addIterations(counts, share, scenario, stream, plan);
    else if (stream.receivers.length > 0) addMessages(counts, share, stream, plan);
  }
  const sampledBy = seriesNamed(plan.headline)?.sampledBy ?? plan.headline;
  counts.bySeries.set('receive_uncertainty', counts.bySeries.get(sampledBy) ?? null);
  return counts.bySeries;
}

const OF_SERVER: readonly FigureName[] = [
  'server_cpu_per_delivery',
  'server_cpu',
  'server_loop_utilization',
  'server_rss',
];

function forecastUnavailable({ target, transport }: Plan): ReadonlyMap<FigureName, Unavailable> {
  const unavailable = new Map<FigureName, Unavailable>();
  if (target.reference === null && target.exec === null) {
    const problem = 'the server is running already, so nothing will be known of its process';
    for (const name of OF_SERVER) unavailable.set(name, { problem, hint: 'Let --exec start the server.' });
  }
  if (target.reference?.runtime === 'bun') {
    const problem = 'the probe that tells the utilisation of an event loop is for Node.js';
    unavailable.set('server_loop_utilization', { problem, hint: 'Use server_cpu.' });
  }
  if (transport === 'websocket') {
    unavailable.set('empty_polls', { problem: 'nobody polls over websocket', hint: 'Leave it out.' });
  }
  return unavailable;
}

/** What becomes of `count` messages of a stream. */
function addMessages(counts: Counts, count: number | null, stream: Stream, { headline, target }: Plan): void {
  const { series, broadcast, nodes } = routeOf(stream, headline);
  counts.add(series, count);
  if (series === headline) counts.add(`${series}_actual`, count);
  const { alsoRecords } = OPERATIONS[stream.operation.kind];
  for (const name of alsoRecords(target.file !== null)) counts.add(name, count);
  const ofNodes = target.reference?.hasNodes === true ? nodes : null;
  for (const name of [broadcast, ofNodes].flatMap((each) => Object.values(each ?? {}))) {
    if (name !== null) counts.add(name, count);
  }
}

/** A visit may publish, request and record into the scenario's own series as often as it likes. */
function addIterations(counts: Counts, count: number, scenario: Scenario, stream: Stream, plan: Plan): void {
  for (const series of ['iteration', 'iteration_actual']) counts.add(series, count);
  for (const series of Object.keys(scenario.series ?? {})) counts.add(series, null);
  addMessages(counts, null, stream, plan);
}
