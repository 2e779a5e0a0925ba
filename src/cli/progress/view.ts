import type { Paint, Style } from '../../colour.ts';
import { foreign } from '../../foreign.ts';
import { cut } from '../../report/plain.ts';
import { formatMetric } from '../../result/metrics.ts';
import type { ProgressOf, RunPhase } from '../../result/progress.ts';
import { formatCount, formatNs, formatNumber, formatPercent } from '../../units.ts';
import { barOf, clockText, columnsLeft, lineOf, type Piece, piece, sparkline } from './parts.ts';
import type { LiveState } from './state.ts';

const PHASE_WORDS: Readonly<Record<RunPhase, string>> = {
  start: 'starting',
  connect: 'connecting',
  rendezvous: 'waiting for shards',
  'warm-up': 'warming up',
  measure: 'measuring',
  drain: 'draining',
  collect: 'collecting',
};

/** Seconds whose average is the rate that is shown. */
const RATE_SECONDS = 5;
/** A sender that is behind by more shows in yellow. */
const BEHIND = 0.99;
const MAX_SPARK = 30;

interface Drawing {
  readonly state: LiveState;
  /** How much of the command is over, from 0 to 1, and the time that is left. */
  readonly share: number;
  readonly leftMs: number;
  readonly columns: number;
  readonly paint: Paint;
}

/** The lines of the live view: the bar, the figures, the load. None is wider than the columns. */
export function drawProgress(drawing: Drawing): string[] {
  const { state, columns, paint } = drawing;
  // The cursor rests above the first column, and the last one stays empty: some terminals wrap after it.
  const width = Math.max(1, columns - 2);
  const { latency = null } = state.second ?? {};
  const isComparing = state.begin.arms.length > 0;
  const figures = latency === null ? [] : latencyPieces(state, latency);
  const lines = [
    barLine(drawing, width),
    ...(isComparing ? [lineOf(standingPieces(state, width), width, paint)] : []),
    ...(isComparing
      ? [lineOf([...loadPieces(state), ...figures], width, paint)]
      : [lineOf(latency === null ? waitPieces(state) : withSparkline(state, figures, width), width, paint)]),
    ...(isComparing || latency === null ? [] : [lineOf(loadPieces(state), width, paint)]),
  ];
  return lines.filter((line) => line !== '').map((line) => ` ${line}`);
}

/** `━━━━━━━━━━──────────  50 %  12s left  broadcast-latency over ws: measuring` */
function barLine({ state, share, leftMs, paint }: Drawing, width: number): string {
  const bar = width >= 60 ? 20 : width >= 38 ? 10 : 0;
  const most = state.begin.mayEndEarly ? 'at most ' : '';
  const percent = `${Math.floor(share * 100)} %`.padStart(5);
  const times = [piece(bar === 0 ? percent.trim() : percent), piece(`${most}${clockText(leftMs)} left`)];
  const room = columnsLeft(times, width - (bar === 0 ? 0 : bar + 2));
  const phase = state.run === null ? '' : PHASE_WORDS[state.phase?.phase ?? 'start'];
  const title = foreign(state.run?.title ?? (state.begin.runs > 1 ? 'between runs' : ''));
  const whole = phase === '' ? title : `${title}: ${phase}`;
  const shown = [...whole].length <= room || room > 30 ? cutBefore(title, phase, room) : cut(phase, room);
  const line = lineOf([...times, piece(room < 4 ? '' : shown, 'strong')], width, paint);
  return bar === 0 ? line : `${barOf(share, bar, paint)}  ${line}`;
}

/** Cuts the title rather than the phase, which changes. */
function cutBefore(title: string, phase: string, room: number): string {
  if (phase === '') return cut(title, room);
  return `${cut(title, room - [...phase].length - 2)}: ${phase}`;
}

type Latency = NonNullable<ProgressOf<'second'>['latency']>;

/** `p50 0.96 ms`, `p99 3.21 ms`, `slowest receiver p50 1.4 ms` */
function latencyPieces({ second, run }: LiveState, { p50Ns, p99Ns, maxNs }: Latency): Piece[] {
  const slowest = second?.slowest ?? null;
  const last = run?.slowest === 'reply_last' ? 'last reply' : 'slowest receiver';
  return [
    piece(`p50 ${formatNs(p50Ns)}`),
    piece(`p99 ${formatNs(p99Ns)}`),
    piece(slowest === null ? `max ${formatNs(maxNs)}` : `${last} p50 ${formatNs(slowest.p50Ns)}`),
  ];
}

/** Adds the p99 of each of the last seconds, as many as there is room for. */
function withSparkline({ recent }: LiveState, pieces: readonly Piece[], width: number): Piece[] {
  const label = 'p99/s ';
  const room = Math.min(MAX_SPARK, columnsLeft(pieces, width) - label.length);
  if (room < 2 || recent.length < 2) return [...pieces];
  const values = recent.slice(-room).map(({ latency }) => latency?.p99Ns ?? null);
  return [...pieces, piece(`${label}${sparkline(values)}`, 'accent')];
}

/** `sent 100 % of 50/s`, `0 lost`, `200 clients` */
function loadPieces({ run, second, recent }: LiveState): Piece[] {
  if (run === null || second === null || second.phase === 'start') return [];
  const { intended, sent, lost, connected } = second;
  const measureMs = run.phases.find(({ phase }) => phase === 'measure')?.expectedMs ?? 0;
  // Nothing is intended in the drain, nor after the end of a last part of a second.
  const whole = recent.filter((each) => (each.second + 1) * 1000 <= measureMs);
  const last = whole.slice(-RATE_SECONDS);
  const rateHz = last.reduce((sum, each) => sum + each.intended, 0) / Math.max(1, last.length);
  const share = intended === 0 ? null : sent / intended;
  const isAll = connected === run.clients;
  const sentStyle: Style | null = share !== null && share < BEHIND ? 'warning' : null;
  const rate = last.length === 0 ? 'intended' : `${formatNumber(rateHz)}/s`;
  const sentText = share === null ? '' : `sent ${formatPercent(share)} of ${rate}`;
  const lostPiece = piece(share === null ? '' : `${formatCount(lost)} lost`, lost > 0 ? 'bad' : null);
  const sentPiece = piece(sentText, sentStyle);
  return [
    // What is lost is shown first, where there is no room for all.
    ...(lost > 0 ? [lostPiece, sentPiece] : [sentPiece, lostPiece]),
    piece(
      `${isAll ? '' : `${formatCount(connected)} of `}${formatCount(run.clients)} clients`,
      isAll || share === null ? null : 'warning',
    ),
  ];
}

/** What the run waits for, while there are no figures. */
function waitPieces({ run, phase, second }: LiveState): Piece[] {
  if (run === null || phase === null) return [];
  switch (phase.phase) {
    case 'connect':
      return [
        piece(`${formatCount(second?.connected ?? 0)} of ${formatCount(run.clients)} clients connected`),
      ];
    case 'warm-up': {
      const most = clockText(phase.maxMs ?? 0);
      return [
        piece(phase.expectedMs === phase.maxMs ? `for ${most}` : `until latency is stable, at most ${most}`),
      ];
    }
    default:
      return [];
  }
}

/** `delivery.p50`, `ws 0.96 ms`, `socketio 1.31 ms 1.36x (1.18 to 1.55)`, as many arms as there is room for. */
function standingPieces({ begin, round }: LiveState, width: number): Piece[] {
  if (round === null) return [piece('no round is complete yet', 'faint')];
  const { unit, metric, standings } = round;
  const value = (of: number | null) => (of === null ? '-' : formatMetric(unit, of));
  const nameOf = (arm: number) => foreign(begin.arms[arm] ?? '', 24);
  const pieces = [piece(metric, 'strong'), piece(`${nameOf(0)} ${value(standings[0]?.base ?? null)}`)];
  for (const [index, { arm, head, ratio, lower, upper }] of standings.entries()) {
    const interval =
      lower === null || upper === null ? '' : ` (${formatNumber(lower)} to ${formatNumber(upper)})`;
    const times = ratio === null ? '' : ` ${formatNumber(ratio)}x${interval}`;
    const next = piece(`${nameOf(arm)} ${value(head)}${times}`, styleOfRatio(lower, upper));
    const more = standings.length - index;
    const isLast = more === 1;
    const room = columnsLeft([...pieces, next], width);
    if (isLast ? room >= -2 : room >= 9) pieces.push(next);
    else return [...pieces, piece(`… ${more} more`, 'faint')];
  }
  return pieces;
}

/** An interval on one side of 1 is a difference. */
function styleOfRatio(lower: number | null, upper: number | null): Style | null {
  if (lower === null || upper === null) return null;
  return lower > 1 ? 'warning' : upper < 1 ? 'good' : null;
}
