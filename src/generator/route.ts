import { copiesOf, type Layout, type Operation, type Stream } from '../contract/scenario.ts';
import type { ClosedBroadcast } from '../measure/fanout.ts';
import {
  type BroadcastSeries,
  FANOUT_SERIES,
  REPLY_SERIES,
  recordBroadcast,
  type StreamRoute,
} from '../measure/intake.ts';
import type { Recorder } from '../measure/recorder.ts';

interface BroadcastRoute {
  /** Of each receipt, unless the stream has a series of its own. */
  readonly series: string;
  readonly broadcast: BroadcastSeries;
}

const DELIVERED: BroadcastRoute = { series: 'delivery', broadcast: FANOUT_SERIES };

/** Operations whose messages are received more than once; all others are answered. */
const BROADCASTS: Readonly<Partial<Record<Operation['kind'], BroadcastRoute>>> = {
  publish: DELIVERED,
  steps: DELIVERED,
  'stream-reply': { series: 'reply', broadcast: REPLY_SERIES },
};

/** Where the messages of a stream are recorded: as deliveries, as replies, or as answers in a series of their own. */
export function routeOf(stream: Stream, headline: string): StreamRoute {
  const { series = headline, broadcast = null } = BROADCASTS[stream.operation.kind] ?? {};
  return { series: stream.series ?? series, copies: copiesOf(stream), broadcast };
}

/** Records a broadcast that closed into the series of its stream. */
export function recordClosed({ streams }: Layout, recorder: Recorder, broadcast: ClosedBroadcast): void {
  const kind = streams[broadcast.stream]?.operation.kind;
  const route = kind === undefined ? undefined : BROADCASTS[kind];
  if (route !== undefined) recordBroadcast(recorder, broadcast, route.broadcast);
}
