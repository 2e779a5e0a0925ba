import { describe, expect, it } from 'vitest';
import { upgrade } from '../../scenarios/upgrade.ts';
import type { Speech, User } from '../../src/contract/scenario.ts';
import { thrownBy } from '../thrown.ts';
import { layoutOf, streamsOf } from './layout.ts';

describe('upgrade', () => {
  it('has steps for every client', () => {
    const layout = layoutOf(upgrade, 2);
    expect(streamsOf(layout)).toEqual(['0 steps -> 0', '1 steps -> 1']);
    expect(layout.rooms).toEqual([[], []]);
  });

  it.each<[Speech, string]>([
    [{ protocol: 'socketio', transport: 'websocket' }, 'socketio websocket'],
    [{ protocol: 'socketio', transport: 'polling' }, 'socketio polling'],
    [{ protocol: 'ws', transport: 'websocket' }, 'ws websocket'],
  ])('is refused over %j', (speech, shown) => {
    expect(thrownBy(() => layoutOf(upgrade, 2, {}, speech))).toMatchObject({
      code: 'NOTHING_TO_UPGRADE',
      message: `the scenario upgrade needs --transport upgrade; ${shown} does not upgrade`,
      hint: 'Remove --transport, and give a Socket.IO server as --target.',
    });
  });
});

function unused(): never {
  throw new Error('a user of upgrade does not use this');
}

/** A user whose connection is upgraded when `upgraded` resolves, and whose n-th request `reply` replies to. */
function visitorWith(upgraded: Promise<void>, reply: (request: number) => Promise<void>) {
  const did: string[] = [];
  let requests = 0;
  const user: User = {
    client: { number: 0, values: {} },
    options: { requests: 2 },
    iteration: 0,
    arrival: 0,
    publish: unused,
    request: unused,
    emit: unused,
    call: unused,
    next: unused,
    think: unused,
    record: unused,
    open: async () => {
      did.push('open');
      return {
        upgraded,
        stages: {},
        handshakeNs: 0,
        emit: unused,
        call: unused,
        next: unused,
        close: unused,
        request: async (series) => {
          did.push(series);
          requests += 1;
          await reply(requests);
        },
      };
    },
    time: async (series, work) => {
      did.push(`time ${series}`);
      return await work();
    },
  };
  return { did, iteration: () => upgrade.steps?.(user) };
}

describe('a user of upgrade', () => {
  it('sends requests one after the other until its connection is upgraded, then those that were asked for', async () => {
    const upgraded = Promise.withResolvers<void>();
    const { did, iteration } = visitorWith(upgraded.promise, async (request) => {
      if (request === 3) upgraded.resolve();
      await new Promise((resolve) => setImmediate(resolve));
    });
    await iteration();
    expect(did).toEqual([
      'open',
      // Timed from before the first request, which must not put it off.
      'time upgrade',
      'ack_upgrading',
      'ack_upgrading',
      'ack_upgrading',
      'ack_upgraded',
      'ack_upgraded',
    ]);
  });

  it('fails when the connection never upgrades, and stops sending', async () => {
    const upgraded = Promise.withResolvers<void>();
    const { did, iteration } = visitorWith(upgraded.promise, async (request) => {
      if (request === 2) upgraded.reject(new Error('no upgrade to WebSocket within 10 s'));
      await new Promise((resolve) => setImmediate(resolve));
    });
    await expect(iteration()).rejects.toThrow('no upgrade to WebSocket within 10 s');
    expect(did).toEqual(['open', 'time upgrade', 'ack_upgrading', 'ack_upgrading']);
  });

  it('fails when a request is not answered', async () => {
    const never = new Promise<void>(() => {});
    const { did, iteration } = visitorWith(never, () => Promise.reject(new Error('no reply')));
    await expect(iteration()).rejects.toThrow('no reply');
    expect(did).toEqual(['open', 'time upgrade', 'ack_upgrading']);
  });
});
