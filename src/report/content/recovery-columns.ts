import { COUNTS, FIGURES } from '../../result/metrics.ts';
import type { DisruptionOutcome } from '../../result/stored-absences.ts';
import type { ServerMeanwhile } from '../../result/telemetry.ts';
import type { ResultView } from '../../result/view.ts';
import { formatCount } from '../../units.ts';
import { column } from './table.ts';

/** What one disruption did to the clients of a run. */
export interface RecoveryRow {
  readonly run: string;
  readonly outcome: DisruptionOutcome;
  /** From the signal until the server, or the process of it, served again; null where it was not restarted. */
  readonly downMs: number | null;
  /** The processes of the server from the disruption until the last client was back. */
  readonly server: ServerMeanwhile;
}

/** What ended connections, as a reader looks for it: the disruption, and which of its repetitions it was. */
export function causeText({ text, repetition, disruption }: DisruptionOutcome): string {
  if (text === null || disruption === null) return 'server or network';
  // It happens to one process of the server after the other.
  if (repetition !== null && text.startsWith('rolling-restart')) return `${text}, process ${repetition + 1}`;
  return repetition === null || repetition === 0 ? text : `${text}, again (${repetition})`;
}

/** Milliseconds in nanoseconds. */
export const ns = (ms: number | null): number | null => (ms === null ? null : ms * 1e6);

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

const CUT_CAUSE = column<RecoveryRow>(
  'cause',
  'disruption',
  'text',
  'what ended the connections',
  ({ outcome }) => causeText(outcome),
);

const TIME_COLUMNS = [
  CUT_CAUSE,
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
];

const MESSAGE_COLUMNS = [
  CUT_CAUSE,
  absenceColumn('replayed', 'replayed', 'messages sent meanwhile that arrived after it'),
  absenceColumn(
    'missed',
    'missed',
    'messages sent meanwhile that did not arrive, and that no server promised',
  ),
  absenceColumn('lost', 'lost', 'messages that did not arrive although the server restored the session'),
  absenceColumn('duplicated', 'duplicates', 'additional copies after the return'),
  absenceColumn('reordered', 'out of order', 'messages out of order after the return'),
  column<RecoveryRow>('recovered', 'restored', 'count', 'sessions that the server restored', ({ outcome }) =>
    outcome.recovered + outcome.newSessions === 0 ? null : outcome.recovered,
  ),
];

const REPLAY_COLUMNS = [
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

const STAGE_COLUMNS = [
  CUT_CAUSE,
  stageColumn('offline', 'from the cut to the attempt that succeeded'),
  stageColumn('connecting', 'from that attempt to an open connection'),
  stageColumn('joining', 'from an open connection to being in the rooms again'),
  ...REPLAY_COLUMNS,
];

/** A rate of fewer connections, which may be opened at once, says nothing. */
const FEWEST_FOR_MEAN = 10;

const SERVER_COLUMNS = [
  CUT_CAUSE,
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
    'mean',
    'rate',
    'connections per second from the first to the last that was opened again, of 10 or more',
    ({ outcome }) => (outcome.back < FEWEST_FOR_MEAN ? null : outcome.openedMeanHz),
    { unitGroup: 'opened' },
  ),
  column<RecoveryRow>(
    'server_down',
    'down',
    'duration',
    'from the signal until the server, or its process, served again',
    ({ downMs }) => ns(downMs),
  ),
  column<RecoveryRow>(
    'server_loop_max',
    'loop max',
    'duration',
    'longest delay of an event loop of the server until the last client was back',
    ({ server }) => server.loopDelayMaxNs,
  ),
  column<RecoveryRow>(
    'server_rss_max',
    'RSS',
    'bytes',
    'largest resident memory of all processes of the server until the last client was back',
    ({ server }) => server.rssMaxBytes,
  ),
];

/** The tables, the first of which comes first in a report. Each fits a terminal of 100 columns. */
export const RECOVERY_TABLES = [
  ['Recovery', TIME_COLUMNS],
  ['Messages of absences', MESSAGE_COLUMNS],
  ['Stages of recovery', STAGE_COLUMNS],
  ['Server during recovery', SERVER_COLUMNS],
] as const;

const wasUndisturbed = ({ result }: ResultView) => result.disruptions.length === 0;

/** How the clients of a whole run came back, beside the summaries of other runs; nothing where none was away. */
export const BACK_COLUMNS = [
  column<ResultView>(
    'time_to_last_back',
    'last back',
    'duration',
    FIGURES.time_to_last_back.meaning,
    ({ result }) => FIGURES.time_to_last_back.value(result),
    { isSilent: wasUndisturbed },
  ),
  column<ResultView>(
    'missed',
    'missed',
    'count',
    COUNTS.missed.meaning,
    ({ result }) => result.ledger.missed,
    {
      isSilent: wasUndisturbed,
    },
  ),
];
