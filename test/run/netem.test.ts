import { describe, expect, it } from 'vitest';
import { parseLinks } from '../../src/plan/link.ts';
import { parseNetworkVia } from '../../src/plan/network.ts';
import { inNetwork, netemArguments } from '../../src/run/netem.ts';
import { thrownBy } from '../thrown.ts';

const planOf = (links: string, via = 'netem') => ({
  network: { ...parseNetworkVia(via), links: parseLinks(links) },
});

describe('netem', () => {
  it.each([
    ['rtt=80ms', 'netem limit 100000 delay 40000us'],
    ['rtt=80ms jitter=20ms loss=1.5%', 'netem limit 100000 delay 40000us 10000us loss 1.5%'],
    ['rate=2Mbit loss=100%', 'netem limit 100000 loss 100% rate 2000000bit'],
  ])('of %s has these arguments', (text, expected) => {
    expect(parseLinks(text).map(netemArguments)).toEqual([expected]);
  });

  it('begins a command that runs in a namespace of its own, once it was tried', () => {
    const tried: string[][] = [];
    const run = (file: string, args: readonly string[]) => {
      tried.push([file, ...args]);
      return { status: 0, stderr: '' };
    };
    const script =
      'ip link set lo up && tc qdisc add dev lo root netem limit 100000 delay 40000us loss 1% && exec "$@"';
    const command = ['unshare', '--net', 'sh', '-c', script, 'sh'];
    expect(inNetwork(planOf('rtt=80ms loss=1%'), run)).toEqual(command);
    expect(tried).toEqual([[...command, 'true']]);
    expect(inNetwork(planOf('rtt=80ms', 'relay'), run)).toEqual([]);
    expect(inNetwork({ network: null }, run)).toEqual([]);
    expect(tried).toHaveLength(1);
  });

  it.each([
    ['Error: Specified qdisc kind is unknown.\n', 'qdisc kind is unknown', 'modprobe sch_netem'],
    ['unshare: unshare failed: Operation not permitted\n', 'Operation not permitted', 'Run it as root'],
    ['sh: 1: ip: not found\n', 'ip: not found', 'ip and tc (iproute2)'],
  ])('that fails with %j is explained', (stderr, message, hint) => {
    expect(thrownBy(() => inNetwork(planOf('rtt=80ms'), () => ({ status: 2, stderr })))).toMatchObject({
      code: 'NETEM',
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
    });
  });

  it('without unshare is explained', () => {
    const missing = () => ({ status: null, error: new Error('spawnSync unshare ENOENT'), stderr: '' });
    expect(thrownBy(() => inNetwork(planOf('rtt=80ms'), missing)).message).toContain('ENOENT');
  });
});
