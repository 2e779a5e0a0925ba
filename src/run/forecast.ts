import {
  connectsByIteration,
  isHolding,
  isObserving,
  type Scenario,
  type Stream,
} from '../contract/scenario.ts';
import { OPERATIONS, routeOf } from '../generator/operations/index.ts';
import { SLOW_READER_SERIES } from '../generator/slow-readers.ts';
import { BROADCAST_SERIES } from '../measure/broadcast-series.ts';
import { ofPopulation, seriesNamed } from '../measure/series.ts';
import { slowReadersOf } from '../plan/disturbed-clients.ts';
import type { Plan, PlannedRun } from '../plan/plan.ts';
import { isOfOneClient } from '../plan/population-load.ts';
import { isWebsocketOnly, transportsInUse } from '../plan/population-plan.ts';
import { seriesOfReceipts } from '../plan/population-series.ts';
import { profileMessages } from '../plan/profile.ts';
import { mayBeAway } from '../plan/reconnect.ts';
import { messagesOfStreams } from '../plan/schedules.ts';
import { FIGURE_NAMES, FIGURES, type FigureName } from '../result/metrics.ts';

/** Counts by series; null once a part of a count is unknown. */
class SeriesCounts extends Map<string, number | null> {
  add(series: string, count: number | null): void {
    const known = this.has(series) ? (this.get(series) ?? null) : 0;
    this.set(series, known === null || count === null ? null : known + count);
  }
}

/** Figures that a run will not have: why, and what to do. */
type UnavailableFigures = ReadonlyMap<FigureName, { readonly problem: string; readonly hint: string }>;

/** What is known of a run before it starts. */
export function forecastRun(run: PlannedRun) {
  return { samples: forecastSamples(run), unavailable: forecastUnavailable(run.plan) };
}

/**
 * Forecasts the series that a run may record, each with the number of its independent samples. It is a maximum where only
 * some messages have one, an average with random arrivals, and null where only the run can show it. The headline without
 * stalls is left out: it is judged, and no condition names it.
 */
export function forecastSamples({ plan, scenario, layout }: PlannedRun): ReadonlyMap<string, number | null> {
  const { clients, profile, populations } = plan;
  const upgrades = transportsInUse(plan).includes('upgrade');
  const counts = new SeriesCounts();
  if (!connectsByIteration(scenario)) counts.add('connect', clients);
  if (isOfOneClient(plan.headline))
    for (const each of populations) counts.add(ofPopulation('connect', each.name), each.clients);
  if (upgrades && !connectsByIteration(scenario)) counts.add('connect_upgraded', clients);
  counts.add('receive_uncertainty', null);
  const isAway = mayBeAway(plan);
  if (isAway) for (const series of ['back', 'rejoin']) counts.add(series, null);
  if (isObserving(layout)) {
    counts.add('push_gap', null);
    if (plan.target.pushes?.areOwn !== true) counts.add('push_skew', null);
    if (plan.target.pushes?.sentAt === 'here') counts.add('push_latency', null);
    return counts;
  }
  if (isHolding(layout)) {
    counts.delete('receive_uncertainty');
    counts.add('connection_age', null);
    return counts;
  }
  if (plan.network?.via === 'relay') counts.add('relay_added', null);
  const messages = profileMessages(profile);
  counts.add('send_lag', messages);
  if (plan.target.droppable) counts.add('freshness', null);
  const ofStreams = messagesOfStreams(plan, layout);
  for (const [index, stream] of layout.streams.entries()) {
    const share = ofStreams[index] ?? 0;
    const { starts } = OPERATIONS[stream.operation.kind];
    if (starts === 'iteration') addIterations(counts, share, scenario, stream, plan);
    else if (stream.receivers.length > 0) addMessages(counts, share, stream, plan);
  }
  if (isAway) for (const series of ['back_receiving', 'replay']) counts.add(series, null);
  if (counts.has('delivery') && slowReadersOf(plan, layout).size > 0)
    for (const series of SLOW_READER_SERIES) counts.add(series, null);
  const sampledBy = seriesNamed(plan.headline)?.sampledBy ?? plan.headline;
  counts.set('receive_uncertainty', counts.get(sampledBy) ?? null);
  return counts;
}

function forecastUnavailable(plan: Plan): UnavailableFigures {
  const { target } = plan;
  const unavailable = new Map<FigureName, { problem: string; hint: string }>();
  if (target.reference === null && target.exec === null) {
    const problem = 'the server is already running, so that its process will be unknown';
    for (const name of FIGURE_NAMES.filter((each) => FIGURES[each].source === 'server'))
      unavailable.set(name, { problem, hint: 'Let --exec start the server.' });
  }
  if (target.reference?.runtime === 'bun') {
    const problem = 'the probe that samples event-loop utilization needs Node.js';
    unavailable.set('server_loop_utilization', { problem, hint: 'Use server_cpu.' });
  }
  if (isWebsocketOnly(plan)) {
    unavailable.set('empty_polls', { problem: 'clients do not poll over websocket', hint: 'Omit it.' });
  }
  return unavailable;
}

/** Adds what `count` messages of a stream record. */
function addMessages(counts: SeriesCounts, count: number | null, stream: Stream, plan: Plan): void {
  const { headline, target } = plan;
  const { series, broadcast, nodes } = routeOf(stream, headline);
  counts.add(series, count);
  const ofHeadline = [`${series}_actual`, ...seriesOfReceipts(plan)];
  if (series === headline) for (const name of ofHeadline) counts.add(name, count);
  const { alsoRecords } = OPERATIONS[stream.operation.kind];
  for (const name of alsoRecords(target.file !== null)) counts.add(name, count);
  const ofNodes = target.reference?.hasNodes === true ? nodes : null;
  const ofBroadcast = broadcast === null ? null : BROADCAST_SERIES[broadcast];
  for (const name of [ofBroadcast, ofNodes].flatMap((each) => Object.values(each ?? {}))) {
    if (name !== null) counts.add(name, count);
  }
}

/** An iteration may publish, send requests, and record into the scenario's own series, any number of times. */
function addIterations(
  counts: SeriesCounts,
  count: number,
  scenario: Scenario,
  stream: Stream,
  plan: Plan,
): void {
  for (const series of ['iteration', 'iteration_actual']) counts.add(series, count);
  if (plan.headline === 'handshake') counts.add('handshake', count);
  for (const series of Object.keys(scenario.series ?? {})) counts.add(series, null);
  addMessages(counts, null, stream, plan);
}
