import { FANOUT_SERIES, REPLY_SERIES, type StreamRoute } from '../measure/intake.ts';
import { copiesOf, type Stream } from '../scenario.ts';

/** Where the messages of a stream are recorded: as deliveries, as replies, or as answers in a series of their own. */
export function routeOf(stream: Stream, headline: string): StreamRoute {
  const { kind } = stream.operation;
  if (kind === 'publish' || kind === 'steps') {
    return { series: stream.series ?? 'delivery', copies: 1, broadcast: FANOUT_SERIES };
  }
  if (kind === 'stream-reply') {
    return { series: stream.series ?? 'reply', copies: copiesOf(stream), broadcast: REPLY_SERIES };
  }
  return { series: stream.series ?? headline, copies: 1, broadcast: null };
}
