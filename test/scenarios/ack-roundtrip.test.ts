import { describe, expect, it } from 'vitest';
import { ackRoundtrip } from '../../scenarios/ack-roundtrip.ts';
import { thrownBy } from '../thrown.ts';
import { layoutOf, streamsOf } from './layout.ts';

describe('ack-roundtrip', () => {
  it('has every client send requests whose replies only it expects', () => {
    const layout = layoutOf(ackRoundtrip, 3);
    expect(streamsOf(layout)).toEqual(['0 request -> 0', '1 request -> 1', '2 request -> 2']);
    expect(layout.rooms).toEqual([[], [], []]);
  });

  it('has the server ask each client when the direction is server', () => {
    expect(streamsOf(layoutOf(ackRoundtrip, 2, { direction: 'server' }))).toEqual([
      '0 ask-me -> 0',
      '1 ask-me -> 1',
    ]);
  });

  it('refuses an unknown direction', () => {
    expect(thrownBy(() => layoutOf(ackRoundtrip, 2, { direction: 'both' })).message).toBe(
      '--direction: "both" is not one of client, server',
    );
  });
});
