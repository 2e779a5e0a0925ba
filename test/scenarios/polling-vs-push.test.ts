import { describe, expect, it } from 'vitest';
import { pollingVsPush } from '../../scenarios/polling-vs-push.ts';
import { roomFanout } from '../../scenarios/room-fanout.ts';
import { parseOptions } from '../../src/contract/options.ts';
import type { Speech } from '../../src/contract/scenario.ts';
import { PLAN_OPTIONS } from '../../src/plan/options.ts';
import { layoutOf, streamsOf } from './layout.ts';

const SPEECHES: readonly Speech[] = [
  { protocol: 'socketio', transport: 'websocket' },
  { protocol: 'socketio', transport: 'polling' },
  { protocol: 'http', transport: 'short-polling' },
  { protocol: 'http', transport: 'long-polling' },
];

describe('polling-vs-push', () => {
  it('has the same layout over every transport', () => {
    const layouts = SPEECHES.map((speech) => layoutOf(pollingVsPush, 10, { rooms: '2' }, speech));
    for (const layout of layouts) expect(layout).toEqual(layouts[0]);
    expect(streamsOf(layoutOf(pollingVsPush, 10, { rooms: '2' }))).toEqual(
      streamsOf(layoutOf(roomFanout, 10, { rooms: '2' })),
    );
  });

  it('has few messages for many clients by default', () => {
    const { clients, arrival } = parseOptions(PLAN_OPTIONS, pollingVsPush.defaults);
    const { streams } = layoutOf(pollingVsPush, clients, pollingVsPush.defaults);
    expect(streams.map(({ receivers }) => receivers.length)).toEqual([10, 10, 10, 10, 10]);
    // Evenly spaced messages would keep step with evenly spaced polls.
    expect(arrival).toBe('poisson');
  });
});
