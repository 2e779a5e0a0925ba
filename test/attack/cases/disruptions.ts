import assert from 'node:assert/strict';
import type { Arena, AttackCase } from '../attack.ts';

const disturbedRun = (scenario: string) => [
  ...['run', scenario, '--target', 'ws', '--clients', '4', '--duration', '5s', '--quiet'],
];

/** Runs each command line, and asserts that it ends with exit code 2 and an error that says this. */
async function assertEach(
  arena: Arena,
  wrong: ReadonlyArray<readonly [args: readonly string[], message: RegExp]>,
  scenario = 'broadcast-latency',
): Promise<void> {
  for (const [args, message] of wrong) {
    const { code, stdout, stderr } = await arena.run([
      ...[...disturbedRun(scenario), '--out', arena.out],
      ...args,
    ]);
    assert.deepEqual([code, stdout], [2, ''], stderr);
    assert.match(stderr, message);
    assert.doesNotMatch(stderr, /\n\s+at |\p{Cc}\[/u);
  }
}

/** Disruptions and policies of reconnecting that are impossible. */
export const disruptionCases: readonly AttackCase[] = [
  {
    name: 'a disruption that does not end within the measured time',
    expected: 'exit 2 before anything starts; the message names the time and what is allowed',
    inCi: true,
    attack: (arena) =>
      assertEach(arena, [
        [
          ['--disrupt', 'reset at=1s, fin at=4s for=2s'],
          /fin at=4s for=2s does not end within the measured 5s/,
        ],
      ]),
  },
  {
    name: 'disruptions with wrong kinds, keys, values, times and drivers',
    expected: 'exit 2 before anything starts; the message names the value and what is allowed',
    seconds: 60,
    attack: (arena) =>
      assertEach(arena, [
        [['--disrupt', 'rest at=1s'], /"rest" is not a disruption; they are close/],
        [['--disrupt', '\u001b[31mreset at=1s'], /is not a disruption/],
        [['--disrupt', 'reset'], /"reset" has no time/],
        [['--disrupt', 'reset at=NaN'], /"NaN"/],
        [['--disrupt', 'reset at=-1s'], /"-1s" is not a duration/],
        [['--disrupt', 'reset at=1s clients=0'], /clients=0 is neither/],
        [['--disrupt', 'reset at=1s clients=101%'], /"101%" is not a share/],
        [['--disrupt', 'reset at=1s at=2s'], /at/],
        [['--disrupt', 'reset at=1s signal=SIGKILL'], /signal/],
        [['--disrupt', 'silence at=1s every=1s'], /happens again, but does not end/],
        [['--disrupt', 'slow at=1s'], /has no rate/],
        [
          ['--disrupt', 'slow at=1s read=10KB/s'],
          /read=10KB\/s: "10KB" is not a size; .* B, kB, MB, KiB, MiB/,
        ],
        [['--disrupt', 'restart at=1s signal=SIGUSR1'], /neither SIGTERM nor SIGKILL/],
        [['--disrupt', 'rolling-restart at=1s'], /does not know several processes of ws/],
        [['--disrupt', 'reset at=1s arrival=poisson'], /is random, but has no mean time/],
        [['--disrupt', 'reset at=1s every=1s arrival=random'], /neither constant nor poisson/],
        [['--disrupt', 'restart at=1s every=1s arrival=poisson'], /"arrival" is not a key of restart/],
        [['--recovery-window', '2s'], /--recovery-window/],
        [
          ['--disrupt', 'restart at=1s', '--target', 'ws://127.0.0.1:9'],
          /needs a server that sockbench has started/,
        ],
      ]),
  },
  {
    name: 'policies of reconnecting with wrong names, keys and values',
    expected: 'exit 2 before anything starts; the message names the value and what is allowed',
    seconds: 30,
    attack: (arena) =>
      assertEach(arena, [
        [['--reconnect', 'expo'], /"expo" is not a policy; they are none/],
        [['--reconnect', 'fixed delay=0s'], /delay=0s does not wait/],
        [['--reconnect', 'immediate delay=1s'], /delay/],
        [['--reconnect', 'exponential jitter=2'], /jitter=2 is not a number from 0 to 1/],
        [['--reconnect', 'fixed attempts=0'], /attempts=0 is not a whole number from 1/],
      ]),
  },
  {
    name: 'slow consumers of wrong numbers, shares and rates',
    expected: 'exit 2 before anything starts; the message names the value and what is allowed',
    seconds: 40,
    attack: (arena) =>
      assertEach(
        arena,
        [
          [['--slow', '0'], /--slow: "0" is not a whole number from 1/],
          [['--slow', '100%'], /"100%" is not a share between 0% and 100%/],
          [['--slow', 'NaN%'], /--slow: /],
          [['--slow', '3'], /--slow/],
          [['--read', '10'], /--read: "10" is not a size per time/],
          [['--read', '10KB/s'], /--read: "10KB" is not a size; .* B, kB, MB, KiB, MiB/],
          [['--read', '-1B/s'], /--read: "-1B" is not a size/],
          [['--read', '1KiB/s, reset at=1s'], /--read: /],
          [['--read', '1KiB/s clients=1'], /--read: /],
        ],
        'slow-consumers',
      ),
  },
];
