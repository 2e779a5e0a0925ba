import type { DialAddress } from '../contract/address.ts';
import type { Layout } from '../contract/scenario.ts';
import type { MessageSize } from '../drivers/driver.ts';
import type { Absence } from '../measure/absence.ts';
import type { BroadcastPart, ClosedBroadcast } from '../measure/fanout.ts';
import type { AccountRow, LedgerTotals, MissedFirst, MissingOfAccount } from '../measure/ledger.ts';
import type { Reason } from '../measure/reason-counts.ts';
import type { Recorded, Successive } from '../measure/recorder.ts';
import type { SlowBroadcast } from '../measure/slowest-broadcasts.ts';
import type { GeneratorSample } from '../measure/telemetry.ts';
import type { TrafficSpan } from '../measure/traffic.ts';
import type { Plan } from '../plan/plan.ts';
import type { Shard } from '../plan/shard.ts';
import type { WindowCounts } from './headline-windows.ts';
import type { ReceivedCounts } from './received-messages.ts';
import type { SentScheduleCounts } from './sent-schedule.ts';
import type { SentTimesOfStream } from './sent-times.ts';
import type { SocketsInUse } from './sockets.ts';

/** One worker's share of a run. */
export interface Assignment {
  readonly plan: Plan;
  /** The layout of the whole run, computed once by the coordinator. */
  readonly layout: Layout;
  /** Where the server listens. */
  readonly url: string;
  readonly originNs: bigint;
  /** Nanoseconds since 1970 at the origin, by the wall clock of this host. */
  readonly originWallNs: bigint;
  /** Client numbers of this worker, ascending. */
  readonly clients: readonly number[];
  readonly connectRateHz: number;
  /** Addresses that connections come from, in turn; empty to leave the choice to the system. */
  readonly sourceAddresses: readonly string[];
  /** Where clients connect instead, by their link; empty where no process makes the links. */
  readonly dials: readonly DialAddress[];
  /** Whether receivers of one broadcast are spread over workers, so that the coordinator completes it. */
  readonly fanoutIsSplit: boolean;
  /** The part of the run that this machine carries out; null for the whole run. */
  readonly shard: Shard | null;
}

/** The clock of another shard, as this host's clock sees it. */
export interface ShardClock {
  readonly index: number;
  /** `same`: it is the clock of this host. `other`: it is compared with it. `unknown`: it is not. */
  readonly kind: 'same' | 'other' | 'unknown';
  /** Its reading minus this host's; 0 where it is unknown. */
  readonly aheadNs: number;
}

export type ToWorker =
  | { readonly type: 'assign'; readonly assignment: Assignment }
  | { readonly type: 'connect' }
  /** Join rooms and open accounts; `members` are the connected clients of all workers. */
  | { readonly type: 'join'; readonly members: readonly Member[] }
  /**
   * All shards have connected and joined. `key` is that of their stamps; `members` are the connected clients of the other
   * shards.
   */
  | {
      readonly type: 'meet';
      readonly key: number;
      readonly members: readonly Member[];
      readonly clocks: readonly ShardClock[];
    }
  | { readonly type: 'warm-up'; readonly startNs: number }
  | { readonly type: 'measure'; readonly startNs: number }
  | { readonly type: 'stop' }
  /** The server is about to be ended by a disruption of the plan; null when it is running again. */
  | {
      readonly type: 'restarting';
      readonly cause: { readonly disruption: number; readonly repetition: number } | null;
    }
  /** Report the rest, close the connections and end. */
  | { readonly type: 'finish' };

/** A connected client, and the number of the server process that serves it; null where that is unknown. */
export interface Member {
  readonly client: number;
  readonly node: number | null;
}

/** A client whose connection ended without being closed by the scenario. */
export interface DroppedClient {
  readonly client: number;
  readonly reason: string;
  /** Age of the connection; null for a client that could not come back. */
  readonly ageNs: number | null;
}

/** What a worker measured since its last snapshot, about a second ago. */
export interface Snapshot {
  readonly startNs: number;
  readonly endNs: number;
  readonly recorded: Recorded;
  /** What the headline recorded in the windows of the measured time that ended before this snapshot; not in `recorded`. */
  readonly headlineWindows: readonly WindowCounts[];
  readonly successive: Successive;
  /** Since the beginning. */
  readonly totals: LedgerTotals;
  /** Measured messages by the second in which they were intended: sent, expected, delivered. */
  readonly bySecond: readonly SecondCounts[];
  /** Latencies of broadcasts that the coordinator completes, because their receivers are spread over workers. */
  readonly broadcasts: readonly BroadcastPart[];
  /**
   * Absences of the time of this snapshot: client, beginning and end of each, which is infinite for one that goes on. Null
   * where no client of the run comes back.
   */
  readonly away: Float64Array | null;
  /** Broadcasts that were given up here before they reached all receivers. They are recorded by the coordinator. */
  readonly incomplete: readonly ClosedBroadcast[];
  /** The slowest broadcasts that closed here. */
  readonly slowest: readonly SlowBroadcast[];
  /** How connections ended that the scenario closed. */
  readonly closed: readonly Reason[];
  /** Messages and iterations that failed. */
  readonly failed: readonly Reason[];
  /** Why the server rejected messages and iterations. */
  readonly rejected: readonly Reason[];
  /** How messages were counted where no declaration of the target says it; see REMARKS of replies.ts. */
  readonly remarks: readonly Reason[];
  /** Why received messages were unexpected. */
  readonly unexpected: readonly Reason[];
  /** Arrivals of what the server pushed on its own. */
  readonly pushes: readonly PushArrivals[];
  /** Pushes to one client each, by the second in which they arrived. */
  readonly ownPushes: ReadonlyArray<{ readonly second: number; readonly count: number }>;
  /** The smallest step of the times that the server says it sent pushes at; null where it says none. */
  readonly pushResolutionNs: number | null;
  /** Two where the measured time ended in between. */
  readonly telemetry: readonly GeneratorSample[];
  readonly traffic: readonly TrafficSpan[];
  /** How long this worker took for the previous snapshot. */
  readonly snapshotCostMs: number;
}

/** Clients of one worker that received one push of the server, since the last report. */
export interface PushArrivals {
  readonly key: string;
  readonly firstNs: number;
  readonly lastNs: number;
  /** Clients that received it for the first time. */
  readonly reached: number;
  readonly duplicated: number;
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
  /** The part of {@link sent} that the server rejected, which no one expects. */
  readonly rejected: number;
}

/** What a worker knows of the absences of its clients, and of what it sent meanwhile. */
export interface AbsencesOfWorker {
  readonly absences: readonly Absence[];
  /** What the receivers that were away have not got. */
  readonly missing: readonly MissingOfAccount[];
  readonly sentTimes: readonly SentTimesOfStream[];
}

export type FromWorker =
  /**
   * The worker can connect; `sockets` is null for a driver that has its own. `rssBytes` is its resident memory before its
   * clients connect.
   */
  | { readonly type: 'ready'; readonly sockets: SocketsInUse | null; readonly rssBytes: number }
  /** Progress of connecting; `reason` is the most frequent cause of failure, null while none has failed. */
  | { readonly type: 'connecting'; readonly connected: number; readonly reason: string | null }
  | { readonly type: 'connected'; readonly members: readonly Member[]; readonly failures: readonly Reason[] }
  /** A message that clients of this worker would send is larger than the server takes. Comes before `connected`. */
  | { readonly type: 'too-large'; readonly size: MessageSize }
  | { readonly type: 'joined'; readonly failures: readonly Reason[] }
  /** Clients that were dropped since the last message of this type. */
  | { readonly type: 'dropped'; readonly atNs: number; readonly clients: readonly DroppedClient[] }
  | { readonly type: 'snapshot'; readonly snapshot: Snapshot }
  /** The measured schedule is over; from now on `totals` come every 100 ms. */
  | {
      readonly type: 'sent';
      readonly streams: readonly SentOfStream[];
      readonly unsent: readonly Reason[];
      /** Null for a worker that counts none. */
      readonly schedule: SentScheduleCounts | null;
    }
  | {
      readonly type: 'totals';
      readonly delivered: number;
      /** As of now; null where they were reported a moment ago, or no client of the run comes back. */
      readonly absences: AbsencesOfWorker | null;
      /** Iterations that are not over, which may still publish, and published messages yet to be acknowledged. */
      readonly iterating: number;
      readonly streams: readonly SentOfStream[];
    }
  | {
      readonly type: 'final';
      readonly rows: readonly AccountRow[];
      readonly missedFirst: readonly MissedFirst[];
      /** Gaps of its ledger that were more than it remembers. */
      readonly forgottenGaps: number;
      readonly received: ReceivedCounts;
      /** Null where no client of the run comes back. */
      readonly absences: AbsencesOfWorker | null;
    }
  /** All connections are closed; the worker ends after this. */
  | { readonly type: 'closed'; readonly notLeft: readonly Reason[] }
  /** A bug in the worker: it ends after this. */
  | { readonly type: 'crash'; readonly message: string };
