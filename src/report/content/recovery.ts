import type { RunResult } from '../../result/run-result.ts';
import type { DisruptionOutcome, StoredSpread } from '../../result/stored-absences.ts';
import { serverBetween } from '../../result/telemetry.ts';
import { plural } from '../../text.ts';
import { formatCount } from '../../units.ts';
import { type Block, type Fact, tableBlock } from '../blocks.ts';
import { isChurn, memberFacts } from './members.ts';
import { ns, RECOVERY_TABLES, type RecoveryRow } from './recovery-columns.ts';
import { rollingFacts } from './rolling.ts';
import { formatValue, type Table, tabulate } from './table.ts';

/** How many disruptions of a run are shown. */
const MAX_ROWS_SHOWN = 50;

/** How clients came back after each disruption, run by run; nothing where no client was away. */
export function recoveryBlocks(results: readonly RunResult[], labels: readonly string[]): Block[] {
  const rows = results.flatMap(({ disruptions, telemetry, restarts }, run) =>
    disruptions.slice(0, MAX_ROWS_SHOWN).map((outcome) => ({
      run: labels[run] ?? '',
      outcome,
      downMs: downtimeMs(outcome, restarts),
      server: serverBetween(telemetry.servers, outcome.atMs, outcome.lastBackMs ?? outcome.atMs),
    })),
  );
  if (rows.length === 0) return [];
  const hidden = results.reduce(
    (sum, { disruptions }) => sum + Math.max(0, disruptions.length - MAX_ROWS_SHOWN),
    0,
  );
  const notes = [
    ...(hidden === 0 ? [] : [`${plural(hidden, 'disruption')} more; the stored result holds them`]),
    ...results.flatMap((result, run) => {
      const label = results.length === 1 ? '' : (labels[run] ?? '');
      return [...membersAndRolling(result, label), ...socketsText(result, label)];
    }),
  ];
  return RECOVERY_TABLES.flatMap(([title, columns], place) =>
    tableBlock(
      title,
      byRun(tabulate<RecoveryRow>(columns, rows), rows, results.length),
      place === 0 ? notes : [],
    ),
  );
}

/** Names each run in a row above its disruptions, where there are several runs. */
function byRun({ headings, rows }: Table, of: readonly RecoveryRow[], runs: number): Table {
  if (runs === 1) return { headings, rows };
  const named = rows.flatMap((row, at) =>
    of[at]?.run === of[at - 1]?.run ? [row] : [[of[at]?.run ?? ''], row],
  );
  return { headings, rows: named };
}

function downtimeMs(
  { disruption, repetition }: DisruptionOutcome,
  restarts: RunResult['restarts'],
): number | null {
  const own = restarts.find((each) => each.disruption === disruption && each.repetition === repetition);
  return own === undefined || own.upMs === null ? null : own.upMs - own.atMs;
}

function membersAndRolling(result: RunResult, label: string): string[] {
  const text = [...memberFacts(result), ...rollingFacts(result)].map(([, fact]) => fact).join('; ');
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
