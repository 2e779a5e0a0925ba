import { describe, expect, it } from 'vitest';
import { STOP_SIGNALS, StopRequests } from '../../src/cli/stop.ts';

/** A process that has received signals, each with its time in milliseconds. */
function received(...signals: ReadonlyArray<readonly [kind: (typeof STOP_SIGNALS)[number], atMs: number]>) {
  let nowMs = 0;
  let text = '';
  const exitCodes: number[] = [];
  const stop = new StopRequests({
    nowMs: () => nowMs,
    write: (more) => {
      text += more;
    },
    quit: (exitCode) => exitCodes.push(exitCode),
  });
  for (const [kind, atMs] of signals) {
    nowMs = atMs;
    stop.receive(kind);
  }
  return { isStopping: stop.signal.aborted, exitCodes, text };
}

describe('a signal', () => {
  it.each(STOP_SIGNALS)('%s asks to stop and report', (kind) => {
    const { isStopping, exitCodes, text } = received([kind, 0]);
    expect({ isStopping, exitCodes }).toEqual({ isStopping: true, exitCodes: [] });
    expect(text).toMatch(/^\nstopping: draining and reporting what was measured/);
  });

  it.each(STOP_SIGNALS)('%s that comes again within half a second is the same event', (kind) => {
    expect(received([kind, 0], [kind, 0], [kind, 499])).toEqual(received([kind, 0]));
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s that comes again later ends the process with %d', (kind, exitCode) => {
    const { exitCodes, text } = received([kind, 0], [kind, 300], [kind, 600]);
    expect(exitCodes).toEqual([exitCode]);
    expect(text).toMatch(/\nquit: the measurements were discarded\n$/);
  });

  it('SIGHUP that comes again does not end the process, however late', () => {
    expect(received(['SIGHUP', 0], ['SIGHUP', 9000])).toEqual(received(['SIGHUP', 0]));
  });

  it('of another kind does not end a process that stops, as when a CI system loses patience', () => {
    expect(received(['SIGINT', 0], ['SIGTERM', 7500], ['SIGHUP', 8000])).toEqual(received(['SIGINT', 0]));
  });

  it('says how to quit only where there is a keyboard', () => {
    expect(received(['SIGINT', 0]).text).toMatch(/press Ctrl-C again to quit\n$/);
    expect(received(['SIGTERM', 0]).text).not.toContain('Ctrl-C');
  });
});
