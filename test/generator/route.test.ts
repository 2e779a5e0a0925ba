import { describe, expect, it } from 'vitest';
import type { Operation } from '../../src/contract/scenario.ts';
import { routeOf } from '../../src/generator/route.ts';
import { FANOUT_SERIES, REPLY_SERIES, type StreamRoute } from '../../src/measure/intake.ts';

const PUBLISH: Operation = { kind: 'publish', scope: 'everyone', room: null };
const STREAM: Operation = { kind: 'stream-reply', replies: 5 };

describe('what comes of a stream', () => {
  it.each<[operation: Operation, route: StreamRoute]>([
    [PUBLISH, { series: 'delivery', copies: 1, broadcast: FANOUT_SERIES }],
    [{ kind: 'steps' }, { series: 'delivery', copies: 1, broadcast: FANOUT_SERIES }],
    [STREAM, { series: 'reply', copies: 5, broadcast: REPLY_SERIES }],
    [{ kind: 'request' }, { series: 'ack', copies: 1, broadcast: null }],
    [{ kind: 'ask-me' }, { series: 'ack', copies: 1, broadcast: null }],
    [{ kind: 'echo' }, { series: 'ack', copies: 1, broadcast: null }],
    [{ kind: 'ping' }, { series: 'ack', copies: 1, broadcast: null }],
    [{ kind: 'close' }, { series: 'ack', copies: 1, broadcast: null }],
  ])('of %j is recorded as %j', (operation, route) => {
    expect(routeOf({ sender: 0, operation, receivers: [0] }, 'ack')).toEqual(route);
  });

  it.each([PUBLISH, STREAM, { kind: 'ping' } as const])(
    'of %j goes to the series that the stream names',
    (operation) => {
      const stream = { sender: 0, operation, receivers: [0], series: 'mine' };
      expect(routeOf(stream, 'ack').series).toBe('mine');
    },
  );
});
