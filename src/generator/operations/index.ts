import type { Mapping } from '../../contract/mapping.ts';
import {
  isObserving,
  type Layout,
  type Operation,
  type Speech,
  type Stream,
} from '../../contract/scenario.ts';
import { type BroadcastKind, valuesOfBroadcast } from '../../measure/broadcast-series.ts';
import type { ClosedBroadcast } from '../../measure/fanout.ts';
import type { Recorder } from '../../measure/recorder.ts';
import type { SlowestBroadcasts } from '../../measure/slowest-broadcasts.ts';
import type { NodeSeries, OperationDefinition } from './operation.ts';
import { publishOperation } from './publish.ts';
import {
  askMeOperation,
  closeOperation,
  echoOperation,
  pingOperation,
  requestOperation,
} from './single-reply.ts';
import { stepsOperation } from './steps.ts';
import { streamReplyOperation } from './stream-reply.ts';

/** Every kind of operation. They listen in this order: streamed replies first, which claim their event. */
export const OPERATIONS: Readonly<Record<Operation['kind'], OperationDefinition>> = {
  'stream-reply': streamReplyOperation,
  publish: publishOperation,
  request: requestOperation,
  'ask-me': askMeOperation,
  echo: echoOperation,
  ping: pingOperation,
  close: closeOperation,
  steps: stepsOperation,
};

/** Where the messages of one stream are recorded. */
export interface StreamRoute {
  /** The series of each receipt. */
  readonly series: string;
  readonly copies: number;
  readonly broadcast: BroadcastKind | null;
  readonly nodes: NodeSeries | null;
}

export function routeOf(stream: Stream, headline: string): StreamRoute {
  const { series, broadcast, nodes } = OPERATIONS[stream.operation.kind];
  return { series: stream.series ?? series ?? headline, copies: copiesOf(stream), broadcast, nodes };
}

/** How many messages each receiver of a stream gets for each one that is sent. */
export function copiesOf({ operation }: Stream): number {
  return OPERATIONS[operation.kind].copies(operation);
}

/** Whether messages may gather in the kernel before a worker handles them. */
export function mayGather({ streams }: Layout): boolean {
  return streams.every(({ operation }) => OPERATIONS[operation.kind].mayGather);
}

/** Records a broadcast that closed into the series of its stream's operation; a published message may be a slow one. */
export function recordClosed(
  { streams }: Layout,
  recorder: Recorder,
  slowest: SlowestBroadcasts,
  closed: ClosedBroadcast,
): void {
  const stream = streams[closed.stream];
  const kind = stream === undefined ? null : OPERATIONS[stream.operation.kind].broadcast;
  if (kind === null || closed.reached === 0) return;
  if (kind === 'fanout') slowest.offer(closed);
  for (const [series, valueNs] of valuesOfBroadcast(kind, closed))
    recorder.recordDue(series, valueNs, closed.intendedNs);
}

/** What a target must declare for the operations of a layout, each once. */
export function mappingNeeds(layout: Layout): ReadonlyArray<keyof Mapping> {
  const { rooms, streams } = layout;
  if (isObserving(layout)) return ['observe'];
  // The room of a direct message is a name that the target may use.
  const isDirect = streams.every(
    ({ operation }) => operation.kind === 'publish' && operation.to !== undefined,
  );
  const joins = !isDirect && rooms.some((each) => each.length > 0) ? (['join'] as const) : [];
  return [...new Set([...joins, ...streams.flatMap(({ operation }) => OPERATIONS[operation.kind].needs)])];
}

/** The first operation of a layout that clients cannot perform over this protocol and transport; null for none. */
export function unsupportedOperation({ streams }: Layout, speech: Speech): Operation['kind'] | null {
  const stream = streams.find(({ operation }) => !OPERATIONS[operation.kind].isSupported(speech));
  return stream?.operation.kind ?? null;
}
