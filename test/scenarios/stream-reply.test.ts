import { describe, expect, it } from 'vitest';
import { streamReply } from '../../scenarios/stream-reply.ts';
import { copiesOf } from '../../src/generator/operations/index.ts';
import { thrownBy } from '../thrown.ts';
import { layoutOf, streamsOf } from './layout.ts';

describe('stream-reply', () => {
  it('has every client send requests whose replies only it expects, three by default', () => {
    const layout = layoutOf(streamReply, 2);
    expect(streamsOf(layout)).toEqual(['0 stream-reply -> 0', '1 stream-reply -> 1']);
    expect(layout.streams.map(copiesOf)).toEqual([3, 3]);
    expect(layout.rooms).toEqual([[], []]);
  });

  it('asks for the given number of replies', () => {
    expect(layoutOf(streamReply, 1, { replies: '7' }).streams.map(copiesOf)).toEqual([7]);
  });

  it.each(['0', '1001', '1.5'])('refuses %s replies', (replies) => {
    expect(thrownBy(() => layoutOf(streamReply, 1, { replies })).message).toBe(
      `--replies: "${replies}" is not a whole number from 1 to 1000`,
    );
  });
});
