import type { Scope } from '../contract/protocol.ts';
import type { Snapshot } from '../generator/messages.ts';
import type { SeqRange } from '../measure/delivery-account.ts';
import type { Reason } from '../measure/reason-counts.ts';

/** The environment variable by which the main thread hands over to the worker threads that Artillery starts. */
export const HANDOVER = 'SOCKBENCH_ARTILLERY';

/** The channel on which all threads of a run talk, and the one by which a thread hands over what it measured. */
export function channelName(originNs: bigint, thread?: number): string {
  return `sockbench-artillery-${originNs}${thread === undefined ? '' : `-${thread}`}`;
}

/** One user of a thread: when it was a member of what. Times are on the run's clock; infinite before they happened. */
export interface MemberRecord {
  readonly client: number;
  /** When it began to connect, and when it was connected. */
  readonly askedNs: number;
  readonly connectedNs: number;
  /** The end of its flow. The connection stays open for a moment, for what is in flight. */
  readonly leftNs: number;
  readonly closedNs: number;
  readonly rooms: ReadonlyArray<{
    readonly room: string;
    readonly askedNs: number;
    readonly joinedNs: number;
  }>;
}

/** Measured messages of one sender to one audience that were sent since the last report, in order. */
export interface SentPart {
  readonly stream: number;
  readonly sender: number;
  readonly operation: 'publish' | 'request';
  readonly scope: Scope | null;
  readonly room: string | null;
  readonly intendedNs: Float64Array;
  readonly actualNs: Float64Array;
}

/** What one user got of one stream: the numbers of the messages that arrived. */
export interface ReceivedPart {
  readonly receiver: number;
  readonly stream: number;
  readonly ranges: readonly SeqRange[];
  readonly late: number;
  readonly duplicated: number;
  readonly reordered: number;
  readonly corrupted: number;
}

/** Between all threads, rarely. */
export type ControlMessage =
  /** `tid`: the number by which the system knows the thread; null where it has none. */
  | { readonly type: 'hello'; readonly thread: number; readonly tid: number | null }
  | { readonly type: 'welcome'; readonly thread: number; readonly index: number }
  /** A user has reached a rendezvous. */
  | { readonly type: 'waiting'; readonly place: string; readonly users: number; readonly client: number }
  | { readonly type: 'gave-up'; readonly place: string; readonly client: number }
  /** These users go on, in this order; what they send together is due from `startNs`. */
  | {
      readonly type: 'released';
      readonly place: string;
      readonly clients: readonly number[];
      readonly startNs: number;
    }
  /** How many flows a thread carries out, and how many of them stay until the others are over. */
  | { readonly type: 'status'; readonly thread: number; readonly running: number; readonly staying: number }
  /** Asks every thread for its status and for a report. */
  | { readonly type: 'report' }
  /** The users that stay may leave. */
  | { readonly type: 'leave' }
  | { readonly type: 'finish' }
  /** The last report of a thread has arrived: it may end. */
  | { readonly type: 'taken'; readonly thread: number };

/** From one thread to the main thread. */
export type ReportMessage =
  | {
      readonly type: 'report';
      readonly snapshot: Snapshot;
      readonly sent: readonly SentPart[];
      /** Users whose record changed. */
      readonly members: readonly MemberRecord[];
      readonly failures: readonly Reason[];
      readonly dropped: readonly Reason[];
      readonly unsent: readonly Reason[];
      /** The start and the end of what is measured so far; infinite without any. */
      readonly measuredFromNs: number;
      readonly measuredToNs: number;
      readonly warmupFromNs: number;
    }
  | { readonly type: 'final'; readonly received: readonly ReceivedPart[] };
