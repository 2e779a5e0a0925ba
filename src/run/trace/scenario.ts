import type { Mapping } from '../../contract/mapping.ts';
import {
  everyClient,
  type Operation,
  onOff,
  option,
  type Scenario,
  type Stream,
} from '../../contract/scenario.ts';

const ROOM = 'room-0';

/** One message of each kind that a target describes. A target that describes none is observed. */
export function traceScenario(mapping: Mapping): Scenario {
  const kinds = kindsOf(mapping);
  return {
    name: 'trace',
    summary: 'one message of each kind that the target describes',
    headline: kinds[0]?.series ?? 'push_skew',
    options: {
      excludeSender: option(null, 'false', 'publish to everyone but the sender', onOff),
    },
    layout({ excludeSender }, clients) {
      const everyone = everyClient(clients);
      const joins = mapping.join !== undefined;
      const streams = kinds.map(({ kind, series }): Stream => {
        if (kind !== 'publish')
          return { sender: 0, operation: tracedOperation(kind), receivers: [0], series };
        const receivers = excludeSender === true ? everyone.slice(1) : everyone;
        const scope = `${joins ? 'room' : 'everyone'}${excludeSender === true ? '-but-me' : ''}` as const;
        return { sender: 0, operation: { kind, scope, room: joins ? ROOM : null }, receivers };
      });
      return { rooms: everyone.map(() => (joins ? [ROOM] : [])), streams };
    },
  };
}

type TracedKind = 'publish' | 'request' | 'echo' | 'stream-reply';

const SERIES_OF_KIND = { publish: 'delivery', request: 'ack', echo: 'ack', 'stream-reply': 'reply' } as const;

function kindsOf(mapping: Mapping): Array<{ readonly kind: TracedKind; readonly series: string }> {
  const { publish, delivery, request, echo, echoed, streamRequest, streamed } = mapping;
  const isDeclared: Readonly<Record<TracedKind, boolean>> = {
    publish: publish !== undefined && delivery !== undefined,
    request: request !== undefined,
    echo: echo !== undefined && echoed !== undefined,
    'stream-reply': streamRequest !== undefined && streamed !== undefined,
  };
  const kinds = Object.keys(SERIES_OF_KIND) as TracedKind[];
  return kinds.filter((kind) => isDeclared[kind]).map((kind) => ({ kind, series: SERIES_OF_KIND[kind] }));
}

function tracedOperation(kind: Exclude<TracedKind, 'publish'>): Operation {
  return kind === 'stream-reply' ? { kind, replies: 2 } : { kind };
}
