import { describe, expect, it } from 'vitest';
import { directMessages } from '../../scenarios/direct-messages.ts';
import { chat, type Mapping } from '../../src/contract/mapping.ts';
import { mappingNeeds } from '../../src/generator/operations/index.ts';
import { FakeRun, planFake } from '../support/fake-run.ts';
import { thrownBy } from '../thrown.ts';
import { layoutOf, streamsOf } from './layout.ts';

describe('direct-messages', () => {
  it('has each client write to the next, which alone receives', () => {
    const layout = layoutOf(directMessages, 3);
    expect(streamsOf(layout)).toEqual([
      '0 publish room-but-me client-1 -> 1',
      '1 publish room-but-me client-2 -> 2',
      '2 publish room-but-me client-0 -> 0',
    ]);
    expect(layout.rooms).toEqual([['client-0'], ['client-1'], ['client-2']]);
    // A server that knows its users needs no rooms.
    expect(mappingNeeds(layout)).toEqual(['publish', 'delivery']);
  });

  it('has only the publishers write, to clients at a distance', () => {
    expect(streamsOf(layoutOf(directMessages, 5, { publishers: '2', distance: '4' }))).toEqual([
      '0 publish room-but-me client-4 -> 4',
      '1 publish room-but-me client-0 -> 0',
    ]);
  });

  it.each([{ distance: '4' }, { distance: '2', clients: 1 }, { publishers: '5' }])('rejects %o', (given) => {
    const { clients = 4, ...options } = given as { clients?: number };
    expect(thrownBy(() => layoutOf(directMessages, clients, options))).toMatchObject({
      code: expect.stringMatching(/NO_RECEIVERS|TOO_MANY/),
    });
  });

  it('gives the target the receiver, and counts each message once', async () => {
    const receivers = new Set<number | undefined>();
    const mapping: Mapping = {
      ...chat,
      publish: (message) => {
        receivers.add(message.to?.number);
        return chat.publish(message);
      },
    };
    const planned = planFake(directMessages, { clients: '3', rate: '30/s', duration: '2s' });
    const { ledger } = await new FakeRun({ planned, mapping }).run();
    expect([...receivers].sort()).toEqual([0, 1, 2]);
    expect(ledger).toMatchObject({ expected: 60, delivered: 60, lost: 0, unexpected: 0, dropped: 0 });
  });
});
