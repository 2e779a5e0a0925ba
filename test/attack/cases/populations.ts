import assert from 'node:assert/strict';
import type { AttackCase } from '../attack.ts';

const POPULATED_RUN = ['--target', 'socketio', '--clients', '20', '--quiet'];

/** A scenario, further flags, and what the message says. */
type WrongPopulation = readonly [scenario: string, args: readonly string[], message: RegExp];

const broadcast = (population: string, message: RegExp, ...args: readonly string[]): WrongPopulation => [
  'broadcast-latency',
  ['--population', population, ...args],
  message,
];

/** Populations that no run can have, each with the value and what is allowed. */
const WRONG: readonly WrongPopulation[] = [
  broadcast('a: clients=70%; b: clients=40%', /the shares are 110 % together/),
  broadcast('a: clients=1%', /a: 1 % of 20 clients is less than one/),
  broadcast('a: clients=10% colour=red', /"colour" is not a key of the population a; those .* are clients,/),
  broadcast('a: publishers=0', /no client publishes\n.*Add publishers=5%/),
  broadcast('a: clients=1e3', /"1e3" is neither a percentage up to 100% nor a number/),
  broadcast('a: link="rtt=200ms', /has a quote that is not closed/),
  broadcast('a: link="rtt=80ms\u001b[31m"', /--population/),
  broadcast(
    'a: transport=polling',
    /the driver "wire" for socketio .* polling; .*\n.*transport=/,
    '--driver',
    'wire',
  ),
  broadcast('a: transport=polling', /the server "ws" does not support/, '--target', 'ws'),
  broadcast('a: transport=polling', /sockets kernel is for the driver wire/, '--sockets', 'kernel'),
  broadcast('a: publishers=1 rate=5/s', /--rate 9\/s is given, and rates of populations/, '--rate', '9/s'),
  broadcast('a: publishers=1 payload=/nowhere', /--population a: --payload: \/nowhere cannot be read/),
  broadcast('a: clients=10%', /"delivery\{b\}" is not one of/, '--threshold', 'delivery{b}.p50<1s'),
  ['connect-storm', ['--population', 'a: clients=10%'], /connect-storm measures handshake/],
  ['recovery', ['--population', 'a: publishers=1'], /recovery chooses who publishes/],
];

export const populationCases: readonly AttackCase[] = [
  {
    name: 'populations with wrong shares, keys, publishers, transports, links and rates',
    seconds: 120,
    expected: 'exit code 2 before anything starts; the message names the value and what is allowed',
    attack: async (arena) => {
      for (const [scenario, args, message] of WRONG) {
        const { code, stderr } = await arena.run([
          ...['run', scenario, ...POPULATED_RUN, '--out', arena.out],
          ...args,
        ]);
        assert.equal(code, 2, stderr);
        assert.match(stderr, message);
        assert.ok(!stderr.includes('\u001b'), 'no control character of the value');
      }
    },
  },
];
