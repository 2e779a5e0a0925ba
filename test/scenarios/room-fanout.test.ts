import { describe, expect, it } from 'vitest';
import { roomFanout } from '../../scenarios/room-fanout.ts';
import { thrownBy } from '../thrown.ts';
import { layoutOf, streamsOf } from './layout.ts';

describe('room-fanout', () => {
  it('divides the clients among the rooms and has the first member of each publish to its room', () => {
    const layout = layoutOf(roomFanout, 6, { rooms: '2' });
    expect(streamsOf(layout)).toEqual(['0 publish room room-0 -> 0 1 2', '3 publish room room-1 -> 3 4 5']);
    expect(layout.rooms).toEqual([['room-0'], ['room-0'], ['room-0'], ['room-1'], ['room-1'], ['room-1']]);
  });

  it('leaves clients out of every room when they do not divide evenly', () => {
    const layout = layoutOf(roomFanout, 7, { rooms: '3' });
    expect(streamsOf(layout)).toEqual([
      '0 publish room room-0 -> 0 1',
      '2 publish room room-1 -> 2 3',
      '4 publish room room-2 -> 4 5',
    ]);
    expect(layout.rooms[6]).toEqual([]);
  });

  it('puts clients into several rooms when there are more places than clients', () => {
    const layout = layoutOf(roomFanout, 4, { rooms: '3', members: '3' });
    expect(streamsOf(layout)).toEqual([
      '0 publish room room-0 -> 0 1 2',
      '3 publish room room-1 -> 0 1 3',
      '2 publish room room-2 -> 0 2 3',
    ]);
    expect(layout.rooms).toEqual([
      ['room-0', 'room-1', 'room-2'],
      ['room-0', 'room-1'],
      ['room-0', 'room-2'],
      ['room-1', 'room-2'],
    ]);
  });

  it('has several members of each room publish, a stream each', () => {
    expect(streamsOf(layoutOf(roomFanout, 4, { rooms: '2', publishers: '2' }))).toEqual([
      '0 publish room room-0 -> 0 1',
      '1 publish room room-0 -> 0 1',
      '2 publish room room-1 -> 2 3',
      '3 publish room room-1 -> 2 3',
    ]);
  });

  it('expects no message at an excluded sender, wherever it stands among the members', () => {
    expect(
      streamsOf(
        layoutOf(roomFanout, 4, { rooms: '2', members: '3', publishers: '2', excludeSender: 'true' }),
      ),
    ).toEqual([
      '0 publish room-but-me room-0 -> 1 2',
      '1 publish room-but-me room-0 -> 0 2',
      '3 publish room-but-me room-1 -> 0 1',
      '0 publish room-but-me room-1 -> 1 3',
    ]);
  });

  it('makes more rooms than clients when the members are given', () => {
    expect(streamsOf(layoutOf(roomFanout, 2, { rooms: '3', members: '2' }))).toEqual([
      '0 publish room room-0 -> 0 1',
      '0 publish room room-1 -> 0 1',
      '0 publish room room-2 -> 0 1',
    ]);
  });

  it.each([
    [{ members: '6', rooms: '1' }, '--members 6 is more than the 5 clients'],
    [{ rooms: '6' }, '--rooms 6 is more than the 5 clients'],
    [{ rooms: '1', publishers: '6' }, '--publishers 6 is more than the 5 members of a room'],
    [{ rooms: '2', publishers: '3' }, '--publishers 3 is more than the 2 members of a room'],
    [{ members: '2', publishers: '3' }, '--publishers 3 is more than the 2 members of a room'],
  ])('refuses %j with 5 clients', (given, message) => {
    expect(thrownBy(() => layoutOf(roomFanout, 5, given))).toMatchObject({ code: 'TOO_MANY', message });
  });
});
