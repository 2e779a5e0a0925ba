import type { RunResult } from '../../result/run-result.ts';
import type { DisruptionOutcome, StoredSpread } from '../../result/stored-absences.ts';
import { type ServerMeanwhile, serverBetween } from '../../result/telemetry.ts';
import { plural } from '../../text.ts';
import { formatCount } from '../../units.ts';
import { type Block, type Fact, tableBlock } from '../blocks.ts';
import { isChurn, memberFacts } from './members.ts';
import { column, formatValue, tabulate } from './table.ts';

/** What one disruption did to the clients of a run. */
interface RecoveryRow {
  readonly run: string;
  readonly outcome: DisruptionOutcome;
  /** The processes of the server from the disruption until the last client was back. */
  readonly server: ServerMeanwhile;
}

/** How many disruptions of a run are shown. */
const MAX_ROWS_SHOWN = 50;

/** What ended connections, as a reader looks for it: the disruption, and which of its repetitions it was. */
export function causeText({ text, repetition, disruption }: DisruptionOutcome): string {
  if (text === null || disruption === null) return 'server or network';
  return repetition === null || repetition === 0 ? text : `${text}, again (${repetition})`;
}

const ns = (ms: number | null) => (ms === null ? null : ms * 1e6);

const timeColumn = (
  id: string,
  title: string,
  meaning: string,
  pick: (outcome: DisruptionOutcome) => number | null,
) =>
  column<RecoveryRow>(id, title, 'duration', meaning, ({ outcome }) => ns(pick(outcome)), {
    unitGroup: 'recovery',
  });

const absenceColumn = (
  name: 'replayed' | 'missed' | 'lost' | 'duplicated' | 'reordered',
  title: string,
  meaning: string,
) => column<RecoveryRow>(name, title, 'count', meaning, ({ outcome }) => outcome[name]);

const stageColumn = (name: 'offline' | 'connecting' | 'joining', meaning: string) =>
  timeColumn(name, `${name} p50`, meaning, (outcome) => outcome[name].p50Ms);

const RECOVERY_COLUMNS = [
  column<RecoveryRow>('run', 'run', 'text', 'the run', ({ run }) => run),
  column<RecoveryRow>('cause', 'disruption', 'text', 'what ended the connections', ({ outcome }) =>
    causeText(outcome),
  ),
  column<RecoveryRow>(
    'back',
    'back',
    'text',
    'clients that were connected and in their rooms again, of those that were cut',
    ({ outcome }) => `${formatCount(outcome.back)} of ${formatCount(outcome.clients)}`,
  ),
  timeColumn('p50', 'p50', 'from the cut until a client was back', ({ away }) => away.p50Ms),
  timeColumn('p95', 'p95', 'from the cut until a client was back', ({ away }) => away.p95Ms),
  timeColumn('last', 'last', 'from the cut until the last client was back', ({ away }) => away.lastMs),
  timeColumn(
    'receiving',
    'last receiving',
    'until the last client had a new message',
    (each) => each.receiving.lastMs,
  ),
  absenceColumn('replayed', 'replayed', 'messages sent meanwhile that arrived after it'),
  absenceColumn(
    'missed',
    'missed',
    'messages sent meanwhile that did not arrive, and that no server promised',
  ),
  absenceColumn('lost', 'lost', 'messages that did not arrive although the server restored the session'),
  absenceColumn('duplicated', 'duplicates', 'further copies after the return'),
  absenceColumn('reordered', 'out of order', 'messages out of order after the return'),
  column<RecoveryRow>('recovered', 'restored', 'count', 'sessions that the server restored', ({ outcome }) =>
    outcome.recovered + outcome.newSessions === 0 ? null : outcome.recovered,
  ),
  column<RecoveryRow>(
    'attempts',
    'attempts',
    'count',
    'attempts to come back of all clients',
    (row) => row.outcome.attempts,
  ),
  column<RecoveryRow>(
    'opened_peak',
    'opened peak',
    'rate',
    'connections that were opened again in the busiest second',
    ({ outcome }) => outcome.openedPeakHz,
    { unitGroup: 'opened' },
  ),
  column<RecoveryRow>(
    'opened_mean',
    'opened mean',
    'rate',
    'connections per second from the first to the last that was opened again',
    ({ outcome }) => outcome.openedMeanHz,
    { unitGroup: 'opened' },
  ),
  column<RecoveryRow>(
    'server_loop_max',
    'server loop max',
    'duration',
    'longest delay of an event loop of the server until the last client was back',
    ({ server }) => server.loopDelayMaxNs,
  ),
  column<RecoveryRow>(
    'server_rss_max',
    'server RSS',
    'bytes',
    'largest resident memory of all processes of the server until the last client was back',
    ({ server }) => server.rssMaxBytes,
  ),
  stageColumn('offline', 'from the cut to the attempt that succeeded'),
  stageColumn('connecting', 'from that attempt to an open connection'),
  stageColumn('joining', 'from an open connection to being in the rooms again'),
  timeColumn(
    'first_replayed',
    'first replayed',
    'until a client had the first replayed message, p50',
    (each) => each.firstReplayed.p50Ms,
  ),
  timeColumn(
    'last_replayed',
    'last replayed',
    'until a client had the last replayed message, p50',
    (each) => each.lastReplayed.p50Ms,
  ),
];

/** How clients came back after each disruption, run by run; nothing where no client was away. */
export function recoveryBlocks(results: readonly RunResult[], labels: readonly string[]): Block[] {
  const rows = results.flatMap(({ disruptions, telemetry }, run) =>
    disruptions.slice(0, MAX_ROWS_SHOWN).map((outcome) => ({
      run: labels[run] ?? '',
      outcome,
      server: serverBetween(telemetry.servers, outcome.atMs, outcome.lastBackMs ?? outcome.atMs),
    })),
  );
  if (rows.length === 0) return [];
  const columns = results.length === 1 ? RECOVERY_COLUMNS.filter(({ id }) => id !== 'run') : RECOVERY_COLUMNS;
  const hidden = results.reduce(
    (sum, { disruptions }) => sum + Math.max(0, disruptions.length - MAX_ROWS_SHOWN),
    0,
  );
  const notes = [
    ...(hidden === 0 ? [] : [`${plural(hidden, 'disruption')} more; the stored result holds them`]),
    ...results.flatMap((result, run) => {
      const label = results.length === 1 ? '' : (labels[run] ?? '');
      return [...memberTexts(result, label), ...socketsText(result, label)];
    }),
  ];
  return tableBlock('Recovery', tabulate(columns, rows), notes);
}

function memberTexts(result: RunResult, label: string): string[] {
  const text = memberFacts(result)
    .map(([, fact]) => fact)
    .join('; ');
  return text === '' ? [] : [`${label === '' ? '' : `${label}: `}${text}`];
}

function socketsText({ socketsAfter }: RunResult, label: string): string[] {
  if (socketsAfter === null) return [];
  const { server, clients } = socketsAfter;
  const run = label === '' ? '' : `${label}: `;
  return [
    `${run}after the drain the server had ${plural(server, 'connection')} for ${plural(clients, 'connected client')}`,
  ];
}

type SummedCount = Extract<
  keyof DisruptionOutcome,
  'clients' | 'back' | 'replayed' | 'missed' | 'lost' | 'duplicated' | 'recovered' | 'newSessions'
>;

/** How clients came back in a whole run, in two lines; nothing where no client was away. */
export function recoveryFacts({ disruptions: all, plan }: RunResult): Fact[] {
  const disruptions = all.filter((outcome) => !isChurn(outcome, plan));
  if (disruptions.length === 0) return [];
  const sum = (name: SummedCount) => disruptions.reduce((total, outcome) => total + outcome[name], 0);
  // Clients that take no offset along get a new session from every server.
  const unasked = disruptions
    .filter(({ disruption }) => plan.disruptions[disruption ?? -1]?.sendsOffset === false)
    .reduce((total, { newSessions }) => total + newSessions, 0);
  const sessions = sum('recovered') + sum('newSessions') - unasked;
  const counts = [
    `${formatCount(sum('replayed'))} replayed`,
    `${formatCount(sum('missed'))} missed`,
    `${formatCount(sum('lost'))} lost`,
    `${formatCount(sum('duplicated'))} duplicates`,
    ...(sessions === 0
      ? []
      : [`${formatCount(sum('recovered'))} of ${formatCount(sessions)} sessions restored`]),
    ...(unasked === 0 ? [] : [`${formatCount(unasked)} new by offset=off`]),
  ];
  return [
    [
      'recovery',
      `${formatCount(sum('back'))} of ${plural(sum('clients'), 'absence')} ended${backTimesText(disruptions)}`,
    ],
    ['', counts.join(', ')],
  ];
}

/** The times of the disruption whose last client was back the latest. */
function backTimesText(disruptions: readonly DisruptionOutcome[]): string {
  const slowest = disruptions.toSorted((a, b) => lastOf(b.away) - lastOf(a.away))[0]?.away;
  if (slowest === undefined || slowest.lastMs === null) return '';
  const text = (ms: number | null) => formatValue('duration', ns(ms) ?? 0);
  const worst = disruptions.length === 1 ? '' : ', at worst';
  return `${worst}: p50 ${text(slowest.p50Ms)}, p95 ${text(slowest.p95Ms)}, last ${text(slowest.lastMs)}`;
}

const lastOf = ({ lastMs }: StoredSpread) => lastMs ?? -1;
