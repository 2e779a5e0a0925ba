import { describe, expect, it } from 'vitest';
import { broadcastLatency } from '../../scenarios/broadcast-latency.ts';
import { parseFactor, parseFactors } from '../../src/cli/factors.ts';
import { runFake } from './fake-cli.ts';

const scenario = broadcastLatency;

describe('a factor', () => {
  it.each([
    ['transport=websocket,polling', 'transport', ['websocket', 'polling']],
    ['payload-type = text, binary', 'payloadType', ['text', 'binary']],
    ['target=ws,"./a, b.ts"', 'target', ['ws', './a, b.ts']],
    [`exec='node old.js','node new.js --x=1,2'`, 'exec', ['node old.js', 'node new.js --x=1,2']],
    [`exec=node -e "a, b",node new.js`, 'exec', ['node -e "a, b"', 'node new.js']],
    ['verify=off,on', 'verify', ['off', 'on']],
  ])('reads %s', (spec, option, levels) => {
    expect(parseFactor(spec, scenario)).toMatchObject({ option, levels });
  });

  it('makes an arm of every combination, with short names', () => {
    const { factors, arms } = parseFactors(
      ['verify=off,on', 'clients=10,20', 'payload=64B,1KiB'],
      scenario,
      {},
    );
    expect(factors.map(({ name }) => name)).toEqual(['verify', 'clients', 'payload']);
    expect(arms).toHaveLength(8);
    expect(arms[0]).toEqual({
      name: 'verify=off clients=10 64B',
      spec: 'verify=off clients=10 payload=64B',
      flags: { verify: 'false', clients: '10', payload: '64B' },
    });
    expect(arms[7]).toMatchObject({
      name: 'verify=on clients=20 1KiB',
      flags: { verify: 'true', clients: '20', payload: '1KiB' },
    });
  });
});

/** What is refused before anything starts, by the values of --vary and further flags. */
const REFUSED: ReadonlyArray<readonly [args: string[], message: string, hint: string]> = [
  [['tranport=websocket,polling'], '"tranport" is not a flag that can be varied', 'Did you mean transport?'],
  [
    ['payloadType=text,binary'],
    '"payloadType" is not a flag that can be varied',
    'Did you mean payload-type?',
  ],
  [['payload'], '--vary payload: it is not NAME=VALUE,VALUE', 'Write --vary transport=websocket,polling.'],
  [['transport=websocket,poling'], '"poling" is not one of websocket, polling', 'Choose websocket'],
  [['rate=10,20'], '--vary rate=10,20: "10" has no unit', 'Write it like 100/s.'],
  [['payload=64B'], 'a factor needs two or more values', 'or give --payload 64B beside --vary'],
  [['payload=64B,,1KiB'], 'value 2 is empty', 'Leave out the comma'],
  [['payload=64B,1KiB,"4KiB'], 'a quote is not closed', 'Close it'],
  [['payload=64B,64B'], '"64B" is given twice', 'Give each value once.'],
  [['verify=on,maybe'], '"maybe" is neither on nor off', 'A switch has on and off.'],
  [['seed=1,2'], 'every combination has the same schedule', 'Give --seed beside --vary.'],
  [['rooms=1,2'], '--rooms is not an option of broadcast-latency', '--help lists its options.'],
  [['clients=1,2', '--clients', '3'], '--clients is given too', 'Leave out --clients.'],
  [['clients=1,2', '--vary', 'clients=3,4'], 'clients is varied twice', 'in one --vary'],
  [['clients=1,2', '--arm', 'ws'], '--vary and --arm are given', '--vary target=ws,socketio'],
  [
    ['clients=1,2,3,4,5', '--vary', 'rate=10/s,20/s,30/s,40/s'],
    '5 x 4 values are 20 combinations; the maximum is 16',
    'Leave out values or factors.',
  ],
  [
    ['target=ws,socketio', '--vary', 'transport=websocket,polling'],
    '1 combination of 4 cannot run, "ws polling": the server "ws" does not support the transport polling',
    'Or leave out that value, or give the combinations that can run as --arm.',
  ],
  [['transport=websocket,polling', '--clients', 'x'], 'error: --clients: "x" is not a whole number', ''],
];

describe('a factor is refused before anything starts', () => {
  it.each(REFUSED)('%j', async (args, message, hint) => {
    const { exitCode, stdout, stderr } = await runFake('compare', 'broadcast-latency', '--vary', ...args);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
    expect(stderr).toContain(hint);
  });

  it('by a gate, which has none', async () => {
    const { exitCode, stderr } = await runFake('gate', 'broadcast-latency', '--vary', 'clients=1,2');
    expect([exitCode, stderr.split('\n')[0]]).toEqual([2, "error: unknown option '--vary'"]);
  });
});
