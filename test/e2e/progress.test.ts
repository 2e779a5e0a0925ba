import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ProgressEvent, progressSchema } from '../../src/result/progress.ts';
import { BIN, sockbench, temporaryFolder, watch } from '../support/sockbench.ts';
import { FakeTerminal } from '../support/terminal.ts';

const SUPPORT = join(import.meta.dirname, '../support');

const LOAD = '--target ws --clients 3 --rate 50/s --warmup 0s --warmup-max 0s'.split(' ');

/** Runs a command line on a terminal of 80x24. */
function onTerminal(...args: readonly string[]) {
  const command = ['80', '24', process.execPath, BIN, ...args];
  const child = spawn('/usr/bin/python3', [join(SUPPORT, 'on-terminal.py'), ...command], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined, TERM: 'xterm' },
  });
  const terminal = new FakeTerminal(80);
  child.stdout.setEncoding('utf8').on('data', (text: string) => terminal.write(text));
  return { ...watch(child), terminal, act: (line: string) => child.stdin.write(`${line}\n`) };
}

describe.concurrent('progress', () => {
  it('on a terminal is drawn in place, follows the width, and leaves nothing behind after Ctrl-C', async () => {
    const args = ['broadcast-latency', ...LOAD, '--duration', '60s', '--out', temporaryFolder()];
    const run = onTerminal('run', ...args);
    await run.said(' lost ');
    const lines = run.terminal.text;
    expect(lines).toHaveLength(4);
    expect(lines[1]).toMatch(/^ ━+─+ +\d+ % {2}(\d+s|1m 0\ds) left {2}broadcast-latency over ws: measuring$/);
    expect(lines[2]).toMatch(/^ p50 [\d.]+ \S+ {2}p99 [\d.]+ \S+ {2}slowest receiver p50 [\d.]+ \S+/);
    expect(lines[3]).toMatch(/^ sent \d+ % of \d+\/s {2}0 lost {2}3 clients$/);

    run.terminal.resize(40);
    run.act('size 40 24');
    // A line of 40 columns has a shorter bar, and no title.
    await run.said(/━+─+ +\d+ % {2}\S+( \S+)? left {2}measuring/);
    for (const line of run.terminal.text) expect(line.length).toBeLessThan(40);

    run.act('type ^C');
    const { code } = await run.ended;
    expect([0, 3]).toContain(code);
    const text = run.terminal.text.join('\n');
    expect(text).toContain('stopping: draining and reporting');
    expect(text).toContain('PARTIAL');
    expect(text).not.toMatch(/━|\d % +\d+s left|\^C/);
  });

  it('as JSON is one event of the schema for each line of stderr, and stdout has the result', async () => {
    const out = temporaryFolder();
    const load = [...LOAD, '--duration', '2s', '--format', 'json', '--out', out];
    const { stdout, stderr } = await sockbench('run', 'broadcast-latency', ...load, '--progress', 'json');
    const events = stderr
      .trimEnd()
      .split('\n')
      .map((line): ProgressEvent => progressSchema.parse(JSON.parse(line)));
    const [first, last] = [events[0], events.at(-1)];
    expect(first).toMatchObject({ type: 'begin', command: 'run', runs: 1, arms: [], rounds: null });
    expect(last).toMatchObject({ type: 'end', status: 'complete' });
    const phases = events.flatMap((event) => (event.type === 'phase' ? [event.phase] : []));
    expect(phases).toEqual(['start', 'connect', 'warm-up', 'measure', 'drain', 'collect']);
    const measured = events.flatMap((event) => (event.type === 'second' ? (event.measured ?? []) : []));
    expect(measured.map(({ second }) => second)).toEqual(measured.map((_, index) => index));
    const result = JSON.parse(stdout);
    const sum = (name: 'sent' | 'delivered') => measured.reduce((total, each) => total + each[name], 0);
    expect(sum('sent')).toBe(result.rate.sent);
    expect(sum('delivered')).toBe(result.ledger.delivered);
  });
});
