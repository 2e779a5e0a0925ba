import type { ClosedBroadcast } from '../measure/fanout.ts';
import type { AccountRow, LedgerTotals } from '../measure/ledger.ts';
import type { Reason } from '../measure/reason-counts.ts';
import type { Recorded } from '../measure/recorder.ts';
import type { TelemetrySample } from '../measure/telemetry.ts';
import type { TrafficSpan } from '../measure/traffic.ts';
import type { Plan } from '../plan/plan.ts';
import type { PushArrivals } from './observer.ts';

/** What one worker is to do. */
export interface Assignment {
  readonly plan: Plan;
  /** Where the server listens. */
  readonly url: string;
  readonly originNs: bigint;
  /** Client numbers of this worker, ascending. */
  readonly clients: readonly number[];
  readonly connectRateHz: number;
  /** Whether receivers of one broadcast are spread over workers, so that the coordinator completes it. */
  readonly fanoutIsSplit: boolean;
}

export type ToWorker =
  | { readonly type: 'assign'; readonly assignment: Assignment }
  | { readonly type: 'connect' }
  /** Join rooms and open accounts; `members` are the connected clients of all workers, by number. */
  | { readonly type: 'join'; readonly members: readonly Member[] }
  | { readonly type: 'warm-up'; readonly startNs: number }
  | { readonly type: 'measure'; readonly startNs: number }
  /** Send nothing more. */
  | { readonly type: 'stop' }
  /** Hand over the rest, close the connections and end. */
  | { readonly type: 'finish' };

/** A connected client, and the number of the process that serves it where that is known. */
export interface Member {
  readonly client: number;
  readonly node: number | null;
}

/** What a worker measured since its last snapshot, about a second ago. */
export interface Snapshot {
  readonly startNs: number;
  readonly endNs: number;
  readonly recorded: Recorded;
  /** Since the beginning. */
  readonly totals: LedgerTotals;
  /** Measured messages by the second in which they were intended: sent, owed to connected receivers, arrived. */
  readonly bySecond: readonly SecondCounts[];
  /** Broadcasts that closed, where the coordinator completes them. */
  readonly broadcasts: readonly ClosedBroadcast[];
  /** Broadcasts that closed here without reaching everyone. */
  readonly incompleteBroadcasts: number;
  /** Connections that ended by themselves. */
  readonly dropped: readonly Reason[];
  /** How connections ended that were closed as an operation. */
  readonly closed: readonly Reason[];
  /** Messages that the server refused, and visits that failed. */
  readonly failed: readonly Reason[];
  /** What the server pushed on its own. */
  readonly pushes: readonly PushArrivals[];
  /** More than one where the measured time ended in between. */
  readonly telemetry: readonly TelemetrySample[];
  readonly traffic: readonly TrafficSpan[];
  /** What taking the previous snapshot cost this worker. */
  readonly snapshotCostMs: number;
}

export interface SecondCounts {
  readonly second: number;
  readonly intended: number;
  readonly sent: number;
  readonly expected: number;
  readonly delivered: number;
}

/** Messages of one stream that were sent in the measured schedule. */
export interface SentOfStream {
  readonly stream: number;
  readonly sent: number;
}

export type FromWorker =
  | { readonly type: 'ready' }
  /** So far; `reason` is why most of those failed that did, null while none has. */
  | { readonly type: 'connecting'; readonly connected: number; readonly reason: string | null }
  | { readonly type: 'connected'; readonly members: readonly Member[]; readonly failures: readonly Reason[] }
  | { readonly type: 'joined'; readonly failures: readonly Reason[] }
  | { readonly type: 'snapshot'; readonly snapshot: Snapshot }
  /** The measured schedule is over; from now on `totals` come every 100 ms. */
  | { readonly type: 'sent'; readonly streams: readonly SentOfStream[]; readonly unsent: readonly Reason[] }
  | {
      readonly type: 'totals';
      readonly delivered: number;
      /** Visits that are not over, which may still publish, and published messages yet to be acknowledged. */
      readonly iterating: number;
      readonly streams: readonly SentOfStream[];
    }
  | { readonly type: 'final'; readonly rows: readonly AccountRow[] }
  /** All connections are closed; the worker ends after this. */
  | { readonly type: 'closed' }
  /** A bug in the worker: it ends after this. */
  | { readonly type: 'crash'; readonly message: string; readonly stack: string };
