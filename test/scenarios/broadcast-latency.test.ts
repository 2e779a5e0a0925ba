import { describe, expect, it } from 'vitest';
import { broadcastLatency } from '../../scenarios/broadcast-latency.ts';
import { thrownBy } from '../thrown.ts';
import { layoutOf, streamsOf } from './layout.ts';

describe('broadcast-latency', () => {
  it('has one client publish to everyone, including itself, by default', () => {
    expect(streamsOf(layoutOf(broadcastLatency, 4))).toEqual(['0 publish everyone null -> 0 1 2 3']);
  });

  it('gives every publisher a stream to everyone', () => {
    expect(streamsOf(layoutOf(broadcastLatency, 3, { publishers: '2' }))).toEqual([
      '0 publish everyone null -> 0 1 2',
      '1 publish everyone null -> 0 1 2',
    ]);
  });

  it('expects no message at an excluded sender', () => {
    expect(streamsOf(layoutOf(broadcastLatency, 3, { publishers: '3', excludeSender: 'true' }))).toEqual([
      '0 publish everyone-but-me null -> 1 2',
      '1 publish everyone-but-me null -> 0 2',
      '2 publish everyone-but-me null -> 0 1',
    ]);
  });

  it('joins no room', () => {
    expect(layoutOf(broadcastLatency, 3).rooms).toEqual([[], [], []]);
  });

  it('refuses more publishers than clients', () => {
    expect(thrownBy(() => layoutOf(broadcastLatency, 3, { publishers: '4' }))).toMatchObject({
      code: 'TOO_MANY',
      message: '--publishers 4 is more than the 3 clients',
      hint: 'Give --publishers 3 or less, or more clients.',
    });
  });
});
