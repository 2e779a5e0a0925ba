import type { Mapping, OutgoingEvent } from '../../contract/mapping.ts';
import type { Payload } from '../../contract/protocol.ts';
import type { Operation, Speech } from '../../contract/scenario.ts';
import type { Connection } from '../../drivers/driver.ts';
import type { BroadcastKind } from '../../measure/broadcast-series.ts';
import type { SeriesName } from '../../measure/series.ts';
import type { PayloadType, Stamp } from '../../measure/stamp.ts';
import type { WorkerContext } from '../context.ts';
import type { HttpPublisher } from '../http-publisher.ts';
import type { ClientPool } from '../pool.ts';
import type { Receiver } from '../receiver.ts';
import type { DueMessage, SentMessages } from '../sent-messages.ts';

/** The series of a delivery by whether one process of the server serves sender and receiver. */
export interface NodeSeries {
  readonly sameNode: SeriesName;
  readonly crossNode: SeriesName;
}

/** All that is special to one kind of operation. */
export interface OperationDefinition {
  /** What a target must declare for it. */
  readonly needs: ReadonlyArray<keyof Mapping>;
  /** Whether clients can perform it over this protocol and transport. */
  readonly isSupported: (speech: Speech) => boolean;
  /** What one arrival of the schedule starts. An iteration may send any number of messages. */
  readonly starts: 'message' | 'iteration';
  /** The series of each receipt where the stream names none; null for the headline series. */
  readonly series: SeriesName | null;
  /** How many messages each receiver gets for each one that is sent. */
  readonly copies: (operation: Operation) => number;
  /** Null where a message has one receiver and one copy. */
  readonly broadcast: BroadcastKind | null;
  readonly nodes: NodeSeries | null;
  /**
   * Whether its receipts may be handled a little after they arrived: nothing is sent because of one, and the kernel times
   * them all.
   */
  readonly mayGather: boolean;
  /** What each message may record beside its receipts. `hasFile`: the target is described by a file of the user. */
  readonly alsoRecords: (hasFile: boolean) => readonly SeriesName[];
  readonly start: (worker: OperationWorker) => RunningOperation;
}

/** What an operation uses of the worker that it runs in, which exists before `measuring` is set. */
export interface OperationWorker extends Omit<WorkerContext, 'measuring' | 'measureFrom' | 'meet'> {
  readonly pool: ClientPool;
  readonly receiver: Receiver;
  readonly messages: SentMessages;
  readonly publisher: Pick<HttpPublisher, 'send' | 'whenFree'>;
  /** Writes a payload with this stamp, of the plan's size and, unless given, type. */
  readonly write: (stamp: Stamp, type?: PayloadType) => Payload;
}

/** An operation in a worker. */
export interface RunningOperation {
  /** Listens to what a client may receive; called for every connection before anything is sent over it. */
  listen?(client: number, connection: Connection): void;
  perform(message: DueMessage, connection: Connection): void;
  /** Measured work that is not over, for which the drain waits. */
  readonly pending?: number;
  /** Counts as failed what is not over at the end of the drain. `isExact`: every message came exactly once. */
  finish?(isExact: boolean): void;
}

/** The definition of an operation that any client can perform and whose reply is its only receipt. */
export const PLAIN_OPERATION = {
  needs: [],
  isSupported: () => true,
  starts: 'message',
  series: null,
  copies: () => 1,
  broadcast: null,
  nodes: null,
  mayGather: true,
  alsoRecords: () => [],
} as const satisfies Partial<OperationDefinition>;

/** Narrows an operation to the kind that the caller performs. */
export function operationOf<K extends Operation['kind']>(
  operation: Operation,
  kind: K,
): Extract<Operation, { kind: K }> {
  if (operation.kind !== kind) throw new Error(`${kind} cannot perform ${operation.kind}`);
  return operation as Extract<Operation, { kind: K }>;
}

/** Sends a message whose reply is another event. An acknowledgement, if it asks for one, may be a rejection. */
export function sendEvent(
  { receiver, messages }: Pick<OperationWorker, 'receiver' | 'messages'>,
  sender: number,
  connection: Connection,
  stamp: Stamp,
  { event, data, reply }: OutgoingEvent,
): void {
  receiver.refusals?.note(sender, stamp, true, (reason) => messages.reject(stamp, reason));
  if (reply !== 'acknowledgement') {
    connection.emit(event, data);
    return;
  }
  connection.request(event, data, (acknowledged) => {
    const answer = receiver.replies.judge(acknowledged, event);
    if (answer.kind === 'rejected') messages.reject(stamp, answer.reason);
  });
}

/** Stands in for a function that the target does not declare. Steps show only at run time what they need. */
export function undeclared(name: keyof Mapping): () => never {
  return () => {
    throw new Error(`the target does not declare ${name}`);
  };
}
