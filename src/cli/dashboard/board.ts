import { foreign } from '../../foreign.ts';
import { formatMetric } from '../../result/metrics.ts';
import type { LiveLatency, ProgressEvent, ProgressOf } from '../../result/progress.ts';
import { plural } from '../../text.ts';
import { formatCount, formatNs, formatNumber, formatPercent } from '../../units.ts';
import { roundLine, stepLine } from '../progress/outcomes.ts';
import { type LiveState, nextState, timeLeftMs } from '../progress/state.ts';
import { PHASE_TITLES, phaseText, timeText } from '../progress/texts.ts';

/** A figure of the run so far. */
export interface Tile {
  readonly name: string;
  readonly value: string;
  /** A second line, empty for none. */
  readonly note: string;
  readonly severity: 'none' | 'bad' | 'warning';
}

/** The top of the live page: where the command is, the figures of the current run, and what earlier ones gave. */
export interface LiveHead {
  /** The command as a whole. */
  readonly title: string;
  /** The current run and its phase. */
  readonly status: string;
  /** `12s left`; empty where the end is not known. */
  readonly left: string;
  /** The part of the expected time that has passed, from 0 to 1. */
  readonly share: number;
  readonly tiles: readonly Tile[];
  /** One line for each arm of a comparison: its ratio as it stands. */
  readonly standings: readonly string[];
  /** What the last rounds or steps gave, the newest first. */
  readonly outcomes: readonly string[];
}

const MAX_OUTCOMES = 8;
/** A rate below this part of the intended one is shown as a warning. */
const HELD_RATE = 0.98;

/** Keeps what the events of a command say, for viewers that come at any time. */
export class LiveBoard {
  #state: LiveState | null = null;
  /** The tiles of the last run that had figures. */
  #tiles: readonly Tile[] = [];
  #standings: readonly string[] = [];
  #outcomes: readonly string[] = [];
  #atMs = 0;

  add(event: ProgressEvent): void {
    this.#atMs = event.atMs;
    this.#state = nextState(this.#state, event);
    const { begin, run = null } = this.#state ?? {};
    if (event.type === 'second' && run !== null) {
      // Figures of the last run stay until the next one has some.
      if (event.latency !== null || this.#tiles.length <= 1) this.#tiles = runTiles(run, event);
    }
    if (event.type === 'round') {
      this.#standings = standingLines(begin?.arms ?? [], event);
      this.#note(roundLine(begin?.arms ?? [], event));
    }
    if (event.type === 'step') this.#note(stepLine(event));
  }

  head(): LiveHead {
    const leftMs = this.#state === null ? 0 : timeLeftMs(this.#state, this.#atMs);
    const share = this.#atMs / Math.max(1, this.#atMs + leftMs);
    return {
      title: foreign(this.#state?.begin.title ?? 'sockbench', 400),
      status: foreign(this.#status(), 400),
      left: leftMs > 0 ? `${this.#state?.begin.mayEndEarly ? 'at most ' : ''}${timeText(leftMs)} left` : '',
      share: Number(share.toFixed(3)),
      tiles: this.#tiles,
      standings: this.#standings,
      outcomes: this.#outcomes,
    };
  }

  /** The current run and its phase; the run only where the command has several. */
  #status(): string {
    if (this.#state === null) return 'starting';
    const { begin, run, phase } = this.#state;
    if (run === null) return begin.runs > 1 ? 'between two runs' : 'making the report';
    const text = phase === null ? PHASE_TITLES.start : phaseText(run, phase);
    return begin.runs > 1 ? `${run.title}: ${text}` : text;
  }

  #note(outcome: string): void {
    this.#outcomes = [foreign(outcome, 400), ...this.#outcomes].slice(0, MAX_OUTCOMES);
  }
}

/** `socketio vs ws: delivery.p50 1.36x (1.18 to 1.55), 7 pairs` */
function standingLines(arms: readonly string[], { metric, unit, standings }: ProgressOf<'round'>): string[] {
  return standings.map(({ arm, pairs, base, head, ratio, lower, upper }) => {
    const names = `${arms[arm] ?? ''} vs ${arms[0] ?? ''}`;
    const values =
      base === null || head === null
        ? 'no valid pair yet'
        : `${metric} ${formatMetric(unit, head)} vs ${formatMetric(unit, base)}`;
    const bounds =
      lower === null || upper === null
        ? ', interval not known yet'
        : ` (${formatNumber(lower)} to ${formatNumber(upper)})`;
    const shown = ratio === null ? '' : `, ratio ${formatNumber(ratio)}${bounds}`;
    return foreign(`${names}: ${values}${shown}, ${plural(pairs, 'pair')}`, 400);
  });
}

const tile = (name: string, value: string, note = '', severity: Tile['severity'] = 'none'): Tile => ({
  ...{ name, value, note, severity },
});

function latencyTiles(name: string, latency: LiveLatency | null): Tile[] {
  if (latency === null) return [];
  const { p50Ns, p99Ns, maxNs } = latency;
  return [
    tile(`${name} p50`, formatNs(p50Ns)),
    tile(`${name} p99`, formatNs(p99Ns), `max ${formatNs(maxNs)}`),
  ];
}

function runTiles(run: ProgressOf<'run'>, second: ProgressOf<'second'>): Tile[] {
  const { connected, intended, sent, expected, delivered, lost, latency, slowest } = second;
  const held = intended === 0 ? 1 : sent / intended;
  return [
    ...latencyTiles(run.headline, latency),
    ...(run.slowest === null ? [] : latencyTiles('slowest', slowest)),
    ...(intended === 0
      ? []
      : [
          tile(
            'sent',
            formatCount(sent),
            `${formatPercent(held)} of intended`,
            held < HELD_RATE ? 'warning' : 'none',
          ),
        ]),
    ...(expected === 0 ? [] : [tile('delivered', formatCount(delivered), `of ${formatCount(expected)}`)]),
    ...(expected === 0 ? [] : [tile('lost', formatCount(lost), '', lost > 0 ? 'bad' : 'none')]),
    tile('clients', formatCount(connected), `of ${formatCount(run.clients)}`),
  ];
}
