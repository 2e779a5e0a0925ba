import { describe, expect, it } from 'vitest';
import type { ClientHooks } from '../../src/contract/hooks.ts';
import { LivingConnection } from '../../src/generator/living-connection.ts';
import { ReasonCounts } from '../../src/measure/reason-counts.ts';
import { VirtualTime } from '../support/virtual-time.ts';
import { FakeConnection } from './fake-connection.ts';

/** A connection of client 3, and what it uses. */
function livingWith(hooks: ClientHooks) {
  const inner = new FakeConnection();
  const failed = new ReasonCounts();
  const parts = {
    hooks,
    timers: new VirtualTime(),
    run: async () => {},
    failed,
    notLeft: new ReasonCounts(),
  };
  const connection = new LivingConnection(parts, { number: 3, values: {} }, inner);
  const dropped: string[] = [];
  connection.onDropped((reason) => void dropped.push(reason));
  return { inner, failed, dropped };
}

describe('an event for which the server asks for an acknowledgement', () => {
  it.each<[what: string, acknowledge: NonNullable<ClientHooks['acknowledge']>[string], sent: unknown]>([
    ['a value', { yes: true }, { yes: true }],
    ['null', null, null],
    ['a function', (data, { number }) => [data, number], [7, 3]],
    ['an async function', async (data) => data, 7],
  ])('is acknowledged by %s', async (_, acknowledge, sent) => {
    const { inner, failed } = livingWith({ acknowledge: { 'alive?': acknowledge } });
    expect(await inner.ask('alive?', 7)).toEqual(sent);
    expect(failed.take()).toEqual([]);
  });

  it('is not acknowledged by a function that fails, which is counted', async () => {
    const { inner, failed, dropped } = livingWith({
      acknowledge: {
        'alive?': () => {
          throw new Error('boom');
        },
      },
    });
    await expect(inner.ask('alive?', 7)).rejects.toThrow('boom');
    expect(failed.take()).toEqual([{ reason: 'boom', count: 1 }]);
    // The server gives up a client that does not answer.
    inner.drop('io server disconnect');
    expect(dropped).toEqual(['io server disconnect (after boom)']);
  });

  it('is no cause of a drop once it was acknowledged again', async () => {
    let isBroken = true;
    const acknowledge = () => {
      if (isBroken) throw new Error('boom');
      return 'yes';
    };
    const { inner, dropped } = livingWith({ acknowledge: { 'alive?': acknowledge } });
    await expect(inner.ask('alive?', 7)).rejects.toThrow('boom');
    isBroken = false;
    expect(await inner.ask('alive?', 7)).toBe('yes');
    inner.drop('io server disconnect');
    expect(dropped).toEqual(['io server disconnect']);
  });
});
