import { describe, expect, it } from 'vitest';
import { broadcastLatency } from '../../scenarios/broadcast-latency.ts';
import { delayBeforeMs, parseReconnect } from '../../src/plan/reconnect.ts';
import { reconnectText } from '../../src/result/disruption-text.ts';
import { planFake } from '../support/fake-run.ts';
import { thrownBy } from '../thrown.ts';

describe('--reconnect', () => {
  it.each([
    ['none', 'none'],
    ['immediate', 'immediate'],
    ['immediate attempts=3', 'immediate attempts=3'],
    ['fixed', 'fixed delay=1s'],
    ['fixed delay=200ms attempts=5', 'fixed delay=200ms attempts=5'],
    ['exponential', 'exponential delay=1s max=5s jitter=0.5'],
    ['exponential jitter=0 max=30s', 'exponential delay=1s max=30s jitter=0'],
  ])('reads %s with the defaults of Socket.IO', (text, shown) => {
    expect(reconnectText(planFake(broadcastLatency, { reconnect: text }).plan.reconnect)).toBe(shown);
  });

  it.each([
    ['fast', '"fast" is not a policy; they are none, immediate, fixed and exponential'],
    ['none attempts=1', '"attempts" is not a key of none; none has no keys'],
    ['immediate delay=1s', '"delay" is not a key of immediate'],
    ['fixed delay=0s', 'delay=0s does not wait'],
    ['fixed delay=1', '"1" has no unit'],
    ['fixed attempts=0', 'attempts=0 is not a whole number from 1'],
    ['exponential delay=10s', 'delay=10s is above max=5s, the default'],
    ['exponential delay=3s max=2s', 'delay=3s is above max=2s'],
    ['exponential jitter=2', 'jitter=2 is not a number from 0 to 1'],
  ])('refuses %s', (reconnect, message) => {
    const error = thrownBy(() => planFake(broadcastLatency, { reconnect }));
    expect(error.message).toMatch(/^--reconnect: /);
    expect(error.message).toContain(message);
  });
});

describe('the delay before an attempt', () => {
  const delays = (text: string, random = 0.5) =>
    [1, 2, 3, 4, 5, 2000].map((attempt) => delayBeforeMs(parseReconnect(text), attempt, () => random));

  it('follows the policy', () => {
    expect(delays('none')).toEqual([null, null, null, null, null, null]);
    expect(delays('immediate attempts=2')).toEqual([0, 0, null, null, null, null]);
    expect(delays('fixed delay=200ms')).toEqual([200, 200, 200, 200, 200, 200]);
    expect(delays('exponential')).toEqual([1000, 2000, 4000, 5000, 5000, 5000]);
  });

  it('is spread by the jitter and capped then, as by Socket.IO', () => {
    expect(delays('exponential', 0)).toEqual([500, 1000, 2000, 4000, 5000, 5000]);
    expect(delays('exponential jitter=0.1', 0.75).slice(0, 4)).toEqual([1050, 2100, 4200, 5000]);
  });
});
