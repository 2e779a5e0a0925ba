import { foreign } from '../../foreign.ts';
import { formatMetric } from '../../result/metrics.ts';
import type { LiveLatency, ProgressEvent, ProgressOf } from '../../result/progress.ts';
import { formatCount, formatNs, formatNumber, formatPercent } from '../../units.ts';
import { roundLine, stepLine } from '../progress/outcomes.ts';
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
  #begin: ProgressOf<'begin'> | null = null;
  #run: ProgressOf<'run'> | null = null;
  #phase: ProgressOf<'phase'> | null = null;
  #second: ProgressOf<'second'> | null = null;
  #standings: readonly string[] = [];
  #outcomes: readonly string[] = [];
  #atMs = 0;

  add(event: ProgressEvent): void {
    this.#atMs = event.atMs;
    switch (event.type) {
      case 'begin':
        this.#begin = event;
        break;
      case 'run':
        this.#run = event;
        this.#phase = null;
        this.#second = null;
        break;
      case 'phase':
        this.#phase = event;
        break;
      case 'second':
        this.#second = event;
        break;
      case 'round':
        this.#standings = standingLines(this.#begin?.arms ?? [], event);
        this.#note(roundLine(this.#begin?.arms ?? [], event));
        break;
      case 'step':
        this.#note(stepLine(event));
        break;
      case 'run-end':
      case 'end':
        break;
    }
  }

  head(): LiveHead {
    const { expectedMs = 0, title = '', runs = 1 } = this.#begin ?? {};
    const leftMs = expectedMs - this.#atMs;
    return {
      title: foreign(title, 400),
      status: foreign(this.#status(runs > 1), 400),
      left: leftMs > 0 ? `about ${timeText(leftMs)} left` : '',
      share: expectedMs === 0 ? 0 : Math.min(1, Number((this.#atMs / expectedMs).toFixed(3))),
      tiles: this.#run === null || this.#second === null ? [] : runTiles(this.#run, this.#second),
      standings: this.#standings,
      outcomes: this.#outcomes,
    };
  }

  /** The title of the run only where the command has several. */
  #status(hasSeveral: boolean): string {
    if (this.#run === null) return 'starting';
    const phase = this.#phase === null ? PHASE_TITLES.start : phaseText(this.#run, this.#phase);
    return hasSeveral ? `${this.#run.title}: ${phase}` : phase;
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
    return foreign(`${names}: ${values}${shown}, ${pairs} ${pairs === 1 ? 'pair' : 'pairs'}`, 400);
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
