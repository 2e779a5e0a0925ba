import { describe, expect, it } from 'vitest';
import type { Layout, Operation } from '../../src/contract/scenario.ts';
import { PROTOCOLS, type Protocol, TRANSPORTS, type Transport } from '../../src/contract/target.ts';
import {
  mappingNeeds,
  OPERATIONS,
  recordClosed,
  routeOf,
  type StreamRoute,
  unsupportedOperation,
} from '../../src/generator/operations/index.ts';
import { BROADCAST_SERIES } from '../../src/measure/broadcast-series.ts';
import { Recorder } from '../../src/measure/recorder.ts';
import { SERIES } from '../../src/measure/series.ts';
import { SlowestBroadcasts } from '../../src/measure/slowest-broadcasts.ts';
import { valuesOf } from './made-worker.ts';

const PUBLISH: Operation = { kind: 'publish', scope: 'everyone', room: null };
const STREAM: Operation = { kind: 'stream-reply', replies: 5 };

const DELIVERED: StreamRoute = {
  series: 'delivery',
  copies: 1,
  broadcast: 'fanout',
  nodes: { sameNode: 'delivery_same_node', crossNode: 'delivery_cross_node' },
};
const REPLIED: StreamRoute = {
  series: 'reply',
  copies: 5,
  broadcast: 'reply',
  nodes: null,
};
const ANSWERED: StreamRoute = { series: 'ack', copies: 1, broadcast: null, nodes: null };

function layoutOf(operation: Operation, rooms: readonly string[] = []): Layout {
  return { rooms: [rooms], streams: [{ sender: 0, operation, receivers: [0] }] };
}

describe('the messages of a stream', () => {
  it.each<[operation: Operation, route: StreamRoute]>([
    [PUBLISH, DELIVERED],
    [{ kind: 'steps' }, DELIVERED],
    [STREAM, REPLIED],
    [{ kind: 'request' }, ANSWERED],
    [{ kind: 'ask-me' }, ANSWERED],
    [{ kind: 'echo' }, ANSWERED],
    [{ kind: 'ping' }, ANSWERED],
    [{ kind: 'close' }, ANSWERED],
  ])('of %j are recorded as %j', (operation, route) => {
    expect(routeOf({ sender: 0, operation, receivers: [0] }, 'ack')).toEqual(route);
  });

  it.each([PUBLISH, STREAM, { kind: 'ping' } as const])(
    'of %j go to the series that the stream names',
    (operation) => {
      const stream = { sender: 0, operation, receivers: [0], series: 'mine' };
      expect(routeOf(stream, 'ack').series).toBe('mine');
    },
  );
});

describe('the table of operations', () => {
  it('records into known series only', () => {
    const known = new Set<string>(SERIES.map(({ name }) => name));
    for (const { series, broadcast, nodes, alsoRecords } of Object.values(OPERATIONS)) {
      const ofBroadcast = broadcast === null ? {} : BROADCAST_SERIES[broadcast];
      const names = [series, ...Object.values({ ...ofBroadcast, ...nodes }), ...alsoRecords(true)];
      for (const name of names) expect(name === null || known.has(name)).toBe(true);
    }
  });

  it.each<[operation: Operation, needs: string[]]>([
    [PUBLISH, ['publish', 'delivery']],
    [{ kind: 'request' }, ['request']],
    [{ kind: 'ask-me' }, ['askMe', 'asked']],
    [{ kind: 'echo' }, ['echo', 'echoed']],
    [STREAM, ['streamRequest', 'streamed']],
    [{ kind: 'ping' }, []],
    [{ kind: 'close' }, []],
    [{ kind: 'steps' }, []],
  ])('says that a target must declare for %j: %j', (operation, needs) => {
    expect(mappingNeeds(layoutOf(operation))).toEqual(needs);
    expect(mappingNeeds(layoutOf(operation, ['room-0']))).toEqual(['join', ...needs]);
  });

  it('says that a layout without streams needs pushes', () => {
    expect(mappingNeeds({ rooms: [['room-0']], streams: [] })).toEqual(['observe']);
  });

  it('says over which protocols and transports clients can ping and close', () => {
    const supported = (kind: 'ping' | 'close') =>
      PROTOCOLS.flatMap((protocol: Protocol) =>
        TRANSPORTS.filter(
          (transport: Transport) =>
            unsupportedOperation(layoutOf({ kind }), { protocol, transport }) === null,
        ).map((transport) => `${protocol} ${transport}`),
      );
    expect(supported('ping').every((speech) => speech.startsWith('ws '))).toBe(true);
    expect(supported('ping')).toContain('ws websocket');
    expect(supported('close')).toEqual(
      expect.arrayContaining(['ws websocket', 'socketio websocket', 'socketio upgrade']),
    );
    expect(supported('close')).not.toContain('socketio polling');
    expect(supported('close').some((speech) => speech.startsWith('http '))).toBe(false);
  });

  it('says of every other operation that clients can perform it over anything', () => {
    for (const operation of [PUBLISH, STREAM, { kind: 'steps' } as const, { kind: 'request' } as const]) {
      expect(
        unsupportedOperation(layoutOf(operation), { protocol: 'http', transport: 'polling' }),
      ).toBeNull();
    }
  });
});

describe('a closed broadcast', () => {
  const closed = { stream: 0, seq: 0, expected: 3, reached: 3, firstNs: 1, medianNs: 5, lastNs: 9 };

  it.each<[operation: Operation, reached: number, expected: object]>([
    [PUBLISH, 3, { fanout_first: [1], fanout_median: [5], fanout_last: [9], fanout_skew: [8] }],
    [STREAM, 3, { reply_first: [1], reply_last: [9] }],
    [PUBLISH, 0, {}],
    [{ kind: 'request' }, 3, {}],
  ])('of %j that reached %d is recorded as %j', (operation, reached, expected) => {
    const recorder = new Recorder();
    const slowest = new SlowestBroadcasts();
    const more = { intendedNs: 0, lastReceiver: 4, lastArrivalNs: 0 };
    recordClosed(layoutOf(operation), recorder, slowest, { ...closed, ...more, reached });
    expect(valuesOf(recorder)).toEqual(expected);
    expect(slowest.list().map(({ lastReceiver }) => lastReceiver)).toEqual(
      'fanout_last' in expected ? [4] : [],
    );
  });
});
