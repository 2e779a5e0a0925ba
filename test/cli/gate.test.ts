import { describe, expect, it } from 'vitest';
import { runFake } from './fake-cli.ts';

const TARGET = ['--target', 'ws://127.0.0.1:1', '--exec', 'node new.js'];
const gate = (...args: string[]) => ['gate', 'broadcast-latency', ...TARGET, ...args];
const BASE = ['--base-exec', 'node old.js'];

describe('an invalid gate is refused before anything starts', () => {
  it.each<[args: string[], message: string]>([
    [gate(), 'a gate needs exactly one base; 0 given'],
    [gate(...BASE, '--base-ref', 'main'), 'a gate needs exactly one base; 2 given'],
    [gate(...BASE, '--base-install', 'npm ci'), '--base-install requires --base-ref'],
    [
      ['gate', 'broadcast-latency', '--target', 'ws', ...BASE],
      '--base-exec requires --exec, the command that starts your server; --target ws has none',
    ],
    [
      ['gate', 'broadcast-latency', '--target', 'ws', '--base-ref', 'main'],
      '--base-ref requires --exec, the command that starts your server; --target ws has none',
    ],
    [
      gate('--base-ref', 'HEAD', '--exec', `node ${process.cwd()}/server.js`),
      'so it would start the same server for base and head',
    ],
    [gate(...BASE, '--rounds', '1'), '--rounds: "1" is not a whole number from 2 to 500'],
    [
      gate(...BASE, '--rounds', '7'),
      '--rounds: 7 rounds are too few for a verdict on 3 metrics; the minimum is 8',
    ],
    [gate(...BASE, '--order-seed', 'x'), '--order-seed: "x" is not a whole number'],
    [gate(...BASE, '--inconclusive', 'maybe'), '--inconclusive: "maybe" is not one of pass, fail'],
    [
      gate(...BASE, '--rate', '10/s'),
      'each run would have 10 independent samples of delivery.p50, and needs 20',
    ],
    [gate(...BASE, '--metric', 'delivery.q50'), '"q50" is not p0 to p99.999, min, max or mean'],
    [gate(...BASE, '--metric', 'ack.p50'), 'this run will not record "ack"'],
    [gate(...BASE, '--metric', 'empty_polls'), '--metric empty_polls: clients do not poll over websocket'],
    [gate(...BASE, '--threshold', 'base.ack.p50<1ms'), 'ack'],
    [gate(...BASE, '--format', 'junitt'), '--format: there is no format "junitt"'],
    [gate('--baseline', 'nowhere.json'), 'nowhere.json cannot be read: ENOENT'],
    [gate(...BASE, '--duration', '10'), '--duration: "10" has no unit'],
    [
      gate(...BASE, '--rounds', '300'),
      '--rounds: 300 rounds of 2 arms are 600 runs; a comparison holds at most 400\nGive --rounds 200 or fewer.',
    ],
  ])('%j', async (args, message) => {
    const { exitCode, stdout, stderr } = await runFake(...args);
    expect(stderr).toMatch(/^error: /);
    expect(stderr).toContain(message);
    expect(stdout).toBe('');
    expect(exitCode).toBe(2);
  });
});

describe('an invalid comparison is refused before anything starts', () => {
  it.each<[args: string[], message: string]>([
    [['compare', 'broadcast-latency'], 'a comparison needs at least two arms; 0 given'],
    [['compare', 'broadcast-latency', '--arm', 'ws', '--arm', 'wss'], 'there is no server "wss"'],
    [
      ['compare', 'broadcast-latency', '--arm', 'ws', '--arm', 'b: ws --seed 2'],
      'so an arm has no --seed of its own',
    ],
    [
      ['compare', 'ack-roundtrip', '--arm', 'ws', '--arm', 'socketio', '--metric', 'delivery.p50'],
      'this run will not record "delivery"',
    ],
    [['compare', 'nothing', '--arm', 'ws', '--arm', 'socketio'], 'there is no scenario "nothing"'],
  ])('%j', async (args, message) => {
    const { exitCode, stdout, stderr } = await runFake(...args);
    expect(stderr).toContain(message);
    expect(stdout).toBe('');
    expect(exitCode).toBe(2);
  });
});
