import { describe, expect, it } from 'vitest';
import { writeNote } from '../../../src/cli/cli.ts';
import { Screen } from '../../../src/cli/progress/screen.ts';
import { showOnTerminal } from '../../../src/cli/progress/terminal.ts';
import { paintFor } from '../../../src/colour.ts';
import type { ProgressEvent } from '../../../src/result/progress.ts';
import { FakeTerminal } from '../../support/terminal.ts';
import { comparing, phaseAt, RUN, roundOf, secondAt, untilSecond } from './events.ts';

/** The live view on a terminal of this size. Time passes by the events. */
function onTerminal(columns: number, { rows = 24, env = { NO_COLOR: '1' } as Record<string, string> } = {}) {
  const terminal = new FakeTerminal(columns, rows);
  const size = { columns, rows };
  let written = '';
  const write = (text: string) => {
    written += text;
    terminal.write(text.replaceAll(/(?<!\r)\n/g, '\r\n'));
  };
  const screen = new Screen({ write, size: () => size });
  let nowMs = 0;
  let redraw = () => {};
  const show = showOnTerminal({
    screen,
    paint: paintFor(true, env),
    write: (line) => screen.above(() => write(`${line}\n`)),
    nowMs: () => nowMs,
    every: (_, callback) => {
      redraw = callback;
      return () => {
        redraw = () => {};
      };
    },
  });
  const view = {
    terminal,
    screen,
    write,
    written: () => written,
    after(...events: readonly ProgressEvent[]) {
      for (const event of events) {
        nowMs = event.atMs;
        show(event);
      }
      return view;
    },
    at(ms: number) {
      nowMs = ms;
      redraw();
      return view;
    },
    resize(to: number) {
      size.columns = to;
      terminal.resize(to);
      redraw();
    },
    get text() {
      return terminal.text;
    },
  };
  return view;
}

const END: ProgressEvent = { type: 'end', atMs: 15_000, status: 'complete' };

describe('a run', () => {
  it('shows a bar with the time left, the latencies and the load in 80 columns', () => {
    expect(onTerminal(80).after(...untilSecond(4)).text).toEqual([
      '',
      ' ━━━━━━━━━━━━────────   61 %  6s left  broadcast-latency over ws: measuring',
      ' p50 960 µs  p99 3.21 ms  slowest receiver p50 1.44 ms  p99/s ▃▅▇█▃',
      ' sent 100 % of 50/s  0 lost  200 clients',
    ]);
  });

  it('shows the phase and its limit while there are no figures', () => {
    const events = untilSecond(0);
    expect(
      onTerminal(80)
        .after(...events.slice(0, 4))
        .text.slice(1),
    ).toEqual([
      ' ━───────────────────    6 %  14s left  broadcast-latency over ws: connecting',
      ' 0 of 200 clients connected',
    ]);
    expect(
      onTerminal(80)
        .after(...events.slice(0, 5))
        .text.slice(2),
    ).toEqual([' until latency is stable, at most 10s']);
  });

  it('goes on between two events, and the bar never goes back', () => {
    const view = onTerminal(80).after(...untilSecond(4));
    const share = () => Number(/(\d+) %/.exec(view.text[1] ?? '')?.[1]);
    expect(view.at(9500).text[1]).toContain('  6s left');
    const before = share();
    // A warm-up that is longer than expected leaves the same time.
    view.after(phaseAt('warm-up', 9600)).at(9700);
    expect(share()).toBe(before);
    expect(view.at(11_000).text[1]).toContain('12s left');
  });

  it('is gone after its end', () => {
    const view = onTerminal(80).after(...untilSecond(4), END);
    expect(view.text).toEqual([]);
    expect(view.terminal.cursor).toEqual([0, 0]);
    expect(view.at(20_000).text).toEqual([]);
  });

  it('without a slowest receiver shows the maximum', () => {
    const view = onTerminal(80).after(...untilSecond(0), secondAt(1, 6000, { slowest: null }));
    expect(view.text[2]).toBe(' p50 960 µs  p99 3.21 ms  max 6.42 ms  p99/s ▅█');
  });

  it('counts what is lost, unsent and not connected', () => {
    const bad = secondAt(1, 6000, { sent: 90, lost: 1234, connected: 198 });
    expect(onTerminal(80).after(...untilSecond(0), bad).text[3]).toBe(
      ' 1,234 lost  sent 90 % of 50/s  198 of 200 clients',
    );
  });
});

describe('a comparison', () => {
  const measuring = (arms: readonly string[], round: number) => {
    const run = {
      ...RUN,
      title: `round ${round + 1} of 15, ${arms[1]}`,
      round: round + 1,
      arm: 1,
      run: 2 * round + 2,
    };
    return [
      comparing(...arms),
      roundOf(round, arms.length),
      run,
      phaseAt('measure', 20_000),
      secondAt(0, 21_000),
    ];
  };

  it('shows the round, the figure of each arm, the ratio and its interval', () => {
    expect(onTerminal(80).after(...measuring(['ws', 'socketio'], 6)).text).toEqual([
      'ws, socketio: 15 rounds; at most about 4 minutes',
      '',
      expect.stringMatching(/^ ━+─+ {3}\d\d % {2}\d+s left {2}round 7 of 15, socketio: measuring$/),
      ' delivery.p50  ws 960 µs  socketio 1.25 ms 1.3x (1.2 to 1.4)',
      ' sent 100 % of 50/s  0 lost  200 clients  p50 960 µs  p99 3.21 ms',
    ]);
  });

  it('has no interval before there are enough rounds', () => {
    expect(onTerminal(80).after(...measuring(['ws', 'socketio'], 2)).text[3]).toBe(
      ' delivery.p50  ws 960 µs  socketio 1.25 ms 1.3x',
    );
  });

  it('counts the arms for which there is no room', () => {
    const six = ['ws', 'socketio', 'polling', 'nest-ws', 'nest-socketio', 'bun'];
    expect(
      onTerminal(80)
        .after(...measuring(six, 6))
        .text.at(-2),
    ).toBe(' delivery.p50  ws 960 µs  socketio 1.25 ms 1.3x (1.2 to 1.4)  … 4 more');
  });

  it('keeps a line for a round that is excluded', () => {
    const view = onTerminal(80).after(
      ...measuring(['ws', 'socketio'], 1),
      roundOf(2, 2, 'clients were lost'),
    );
    expect(view.text[1]).toBe('round 2 of at most 15: excluded, socketio: clients were lost');
  });
});

describe('the lines', () => {
  it.each([20, 30, 40, 60, 80, 200])('fit %d columns, also with long names', (columns) => {
    const title = 'scenario-with-a-name-that-is-much-longer-than-any-terminal '.repeat(3);
    const [begin, , ...rest] = untilSecond(9);
    const view = onTerminal(columns).after(...(begin ? [begin] : []), { ...RUN, title }, ...rest);
    const lines = view.text.slice(1);
    expect(lines).toHaveLength(3);
    // One column stays empty at the end, since some terminals wrap after the last one.
    for (const line of lines) expect([...line].length).toBeLessThan(columns);
    expect(lines[0]).toMatch(/\d+ %/);
    expect(view.terminal.cursor).toEqual([0, 0]);
  });

  it('show the time left and the phase in 30 columns, and no title that does not fit', () => {
    expect(onTerminal(30).after(...untilSecond(4)).text[1]).toBe(' 61 %  6s left  measuring');
    expect(
      onTerminal(20)
        .after(...untilSecond(4))
        .text.slice(1),
    ).toEqual([' 61 %  6s left', ' p50 960 µs', ' sent 100 % of 50/s']);
  });

  it('escape control characters of names', () => {
    const view = onTerminal(80).after(untilSecond(0)[0] ?? END, { ...RUN, title: 'a\u001b[2Jb\nc' });
    expect(view.text[1]).toContain('a\\x1b[2Jb\\nc');
  });

  it('follow a change of width', () => {
    const view = onTerminal(80).after(...untilSecond(4));
    view.resize(40);
    for (const line of view.text) expect([...line].length).toBeLessThan(40);
    expect(view.text[1]).toBe(' ━━━━━━────   61 %  6s left  measuring');
    view.resize(120);
    expect(view.text[1]).toContain('broadcast-latency over ws: measuring');
    expect(view.text).toHaveLength(4);
  });

  it('leave out what a low terminal has no rows for', () => {
    expect(onTerminal(80, { rows: 3 }).after(...untilSecond(4)).text).toHaveLength(3);
    expect(onTerminal(80, { rows: 1 }).after(...untilSecond(4)).text).toEqual([]);
  });

  it('stay below other output', () => {
    const view = onTerminal(80).after(...untilSecond(4));
    view.screen.above(() => view.write('warning: the disk is nearly full\n'));
    expect(view.text[0]).toBe('warning: the disk is nearly full');
    expect(view.text.slice(1)).toHaveLength(4);
    expect(view.after(END).text).toEqual(['warning: the disk is nearly full']);
  });

  it('keep a line that another process writes', () => {
    const view = onTerminal(80).after(...untilSecond(4));
    view.write('said by a worker\n');
    expect(view.at(9300).text[0]).toBe('said by a worker');
    expect(view.text.slice(1).map((line) => line.slice(0, 6))).toEqual(['', ' ━━━━━', ' p50 9', ' sent ']);
  });
});

describe('colour', () => {
  const ESCAPES = { colour: '\u001b[36m', red: '\u001b[31m', yellow: '\u001b[33m' };
  const bad = [...untilSecond(0), secondAt(1, 6000, { sent: 90, lost: 7 })];

  it('marks the bar, what is lost and what was not sent', () => {
    const written = onTerminal(80, { env: {} })
      .after(...bad)
      .written();
    expect(written).toContain(`${ESCAPES.colour}━`);
    expect(written).toContain(`${ESCAPES.red}7 lost`);
    expect(written).toContain(`${ESCAPES.yellow}sent 90 %`);
  });

  it('is off with NO_COLOR, and the text is the same', () => {
    const [plain, coloured] = [onTerminal(80), onTerminal(80, { env: {} })];
    for (const view of [plain, coloured]) view.after(...bad);
    for (const code of Object.values(ESCAPES)) expect(plain.written()).not.toContain(code);
    expect(coloured.text).toEqual(plain.text);
  });
});

describe('a note on a terminal', () => {
  const line =
    '283/s: excluded, generator lag: sends were late by 54.7 ms at p95, limit 1 ms; without the lag it would be less';
  const noteAt = (columns: number | null, maxLines?: number) => {
    const lines: string[] = [];
    const size = () => ({ columns: columns ?? 0, rows: 24 });
    const screen = columns === null ? null : new Screen({ write: () => {}, size });
    writeNote({ err: (text) => lines.push(...text.trimEnd().split('\n')), screen }, line, maxLines);
    return lines;
  };

  it('is broken between words', () => {
    const lines = noteAt(40);
    expect(lines.join(' ').replaceAll(/ +/g, ' ')).toBe(line);
    for (const each of lines) expect(each.length).toBeLessThanOrEqual(40);
  });

  it('is cut after so many lines, at a clause where one ends there', () => {
    expect(noteAt(80, 1)).toEqual(['283/s: excluded, generator lag: sends were late by 54.7 ms at p95…']);
  });

  it('is one line where there is no terminal', () => {
    expect(noteAt(null, 1)).toEqual([line]);
  });
});
