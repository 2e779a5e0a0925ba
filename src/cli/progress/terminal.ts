import type { Paint } from '../../colour.ts';
import type { ProgressEvent } from '../../result/progress.ts';
import type { ProgressListener } from './feed.ts';
import { excludedLine, stepLine } from './outcomes.ts';
import type { Screen } from './screen.ts';
import { type LiveState, nextState, timeLeftMs } from './state.ts';
import { drawProgress } from './view.ts';

const REDRAW_EVERY_MS = 250;

interface Terminal {
  readonly screen: Screen;
  readonly paint: Paint;
  /** Writes a line that stays, above the live view. */
  readonly write: (line: string) => void;
  readonly nowMs: () => number;
  /** Calls back every so often; the returned function ends that. */
  readonly every: (periodMs: number, callback: () => void) => () => void;
}

/** Shows progress as a few lines that are redrawn in place, four times a second, until the last event. */
export function showOnTerminal(terminal: Terminal): ProgressListener {
  const { screen, paint, write, nowMs, every } = terminal;
  let state: LiveState | null = null;
  let startMs = 0;
  let share = 0;
  let stop: (() => void) | null = null;
  const redraw = () => {
    if (state === null) return;
    const elapsedMs = nowMs() - startMs;
    const leftMs = timeLeftMs(state, elapsedMs);
    // What is left is an estimate, but a bar never goes back.
    share = Math.max(share, elapsedMs / Math.max(1, elapsedMs + leftMs));
    screen.draw(drawProgress({ state, share, leftMs, columns: screen.columns, paint }));
  };
  return (event) => {
    const line = lastingLine(state, event);
    state = nextState(state, event);
    if (event.type === 'begin') {
      startMs = nowMs();
      share = 0;
      stop ??= every(REDRAW_EVERY_MS, redraw);
    }
    if (event.type === 'end') {
      stop?.();
      stop = null;
      screen.clear();
    }
    if (line !== null) write(line);
    if (event.type !== 'end') redraw();
  };
}

/** What stays above the live view: the plan of several runs, each step of a search, and rounds that do not count. */
function lastingLine(state: LiveState | null, event: ProgressEvent): string | null {
  switch (event.type) {
    case 'begin':
      return event.runs > 1 ? event.title : null;
    case 'step':
      return stepLine(event);
    case 'round':
      return excludedLine(state?.begin.arms ?? [], event);
    default:
      return null;
  }
}
