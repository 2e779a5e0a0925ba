import { describe, expect, it } from 'vitest';
import { broadcastLatency } from '../../scenarios/broadcast-latency.ts';
import { chat, type Mapping } from '../../src/contract/mapping.ts';
import { FakeRun, planFake } from '../support/fake-run.ts';
import { thrownBy } from '../thrown.ts';

const COOLDOWN = { rate: '10/s', senderCooldown: '1s', duration: '3s' };

describe('--sender-cooldown', () => {
  it.each([
    [{ clients: '30', publishers: '21' }, 'at 10/s needs 22 clients that send; 21 do'],
    [{ clients: '30', publishers: '22', rate: '1s@10..20/s' }, 'at 20/s needs 42 clients that send; 22 do'],
    [{ clients: '30', publishers: '10', warmup: '0s', warmupMax: '0s' }, 'needs 11 clients that send; 10 do'],
    [{ clients: '30', publishers: '30', arrival: 'poisson' }, 'does not hold for messages at random times'],
  ])('is refused for %o', (given, message) => {
    const options: Record<string, string> = { ...COOLDOWN, ...given };
    if (options['rate'] !== COOLDOWN.rate) delete options['duration'];
    const { code, message: said } = thrownBy(() => planFake(broadcastLatency, options)) as unknown as {
      code: string;
      message: string;
    };
    expect(code).toBe('SENDER_COOLDOWN');
    expect(said).toContain(message);
  });

  it('holds between all messages of a sender, also from the warm-up to the measured time', async () => {
    const planned = planFake(broadcastLatency, { ...COOLDOWN, clients: '22', publishers: '22' });
    const sentNs = new Map<number, number[]>();
    const mapping: Mapping = {
      ...chat,
      publish: (message) => {
        const { number } = message.client;
        sentNs.set(number, [...(sentNs.get(number) ?? []), run.time.nowNs()]);
        return chat.publish(message);
      },
    };
    const run = new FakeRun({ planned, mapping });
    const { rate } = await run.run();
    expect(rate).toMatchObject({ intended: 30, sent: 30 });
    const apart = [...sentNs.values()].flatMap((times) =>
      times.slice(1).map((ns, place) => ns - (times[place] ?? 0)),
    );
    expect(apart.length).toBeGreaterThan(5);
    expect(Math.min(...apart)).toBeGreaterThanOrEqual(1e9);
  });
});
