import type { ProgressEvent, ProgressOf } from '../../result/progress.ts';
import type { ProgressListener } from './feed.ts';
import { roundLine, stepLine } from './outcomes.ts';
import { phaseText, secondText } from './texts.ts';

/** Without a terminal, a line is written this often where nothing else is. */
const LINE_EVERY_MS = 10_000;

/**
 * Shows progress as plain lines: the plan of the command, each phase of its only run, or each round or step of several,
 * and the figures so far every ten seconds.
 */
export function showLines(write: (line: string) => void): ProgressListener {
  let begin: ProgressOf<'begin'> | null = null;
  let run: ProgressOf<'run'> | null = null;
  let writtenAtMs = 0;
  const lineOf = (event: ProgressEvent): string | null => {
    switch (event.type) {
      case 'begin':
        begin = event;
        return event.runs > 1 ? event.title : null;
      case 'run':
        run = event;
        return null;
      case 'phase':
        return run === null || begin === null || begin.runs > 1
          ? null
          : `${run.title}: ${phaseText(run, event)}`;
      case 'second':
        return run === null || event.atMs - writtenAtMs < LINE_EVERY_MS
          ? null
          : `${run.title}: ${secondText(run, event)}`;
      case 'round':
        return begin === null ? null : roundLine(begin.arms, event);
      case 'step':
        return stepLine(event);
      case 'run-end':
      case 'end':
        return null;
    }
  };
  return (event) => {
    const line = lineOf(event);
    if (line === null) return;
    writtenAtMs = event.atMs;
    write(line);
  };
}
