import type { AbsencesOfWorker, SentOfStream } from '../generator/messages.ts';
import type { ReceivedCounts } from '../generator/received-messages.ts';
import type { SentScheduleCounts } from '../generator/sent-schedule.ts';
import type { SocketsInUse } from '../generator/sockets.ts';
import type { AccountRow, LedgerTotals, MissedFirst } from '../measure/ledger.ts';
import type { GeneratorSample } from '../measure/telemetry.ts';
import type { TrafficSpan } from '../measure/traffic.ts';
import { type PhaseLog, sampleLog, trafficLog } from './phase-log.ts';

/** What one worker has reported so far. */
export interface WorkerRecord {
  /** Messages that it has posted. */
  messages: number;
  /** The end of its last snapshot, on the clock of the run. */
  reportedNs: number;
  /** Resident memory before its clients connected; null before it is ready. */
  rssBeforeBytes: number | null;
  readonly telemetry: PhaseLog<GeneratorSample>;
  /** What its connections are made of; null for a driver that has its own, and before it is ready. */
  sockets: SocketsInUse | null;
  readonly traffic: PhaseLog<TrafficSpan>;
  totals: LedgerTotals;
  rows: readonly AccountRow[];
  missedFirst: readonly MissedFirst[];
  forgottenGaps: number;
  /** Of its clients and what they sent; null before the drain, and where no client of the run comes back. */
  absences: AbsencesOfWorker | null;
  /** What its clients received; null before its final report. */
  received: ReceivedCounts | null;
  connected: number;
  /** The most frequent reason why clients failed to connect, while others still try. */
  connectReason: string | null;
  /** The latest counts of deliveries and of iterations in flight, during the drain. */
  delivered: number;
  iterating: number;
  /** Measured messages sent, by stream. */
  sent: readonly SentOfStream[];
  /** When it sent, beside its schedule; null before its schedule is over. */
  schedule: SentScheduleCounts | null;
}

export const NO_TOTALS = { delivered: 0, late: 0, duplicated: 0, reordered: 0, corrupted: 0, unexpected: 0 };

/** What is known of a worker that has reported nothing. */
export function newWorkerRecord(): WorkerRecord {
  return {
    messages: 0,
    reportedNs: 0,
    rssBeforeBytes: null,
    telemetry: sampleLog(),
    sockets: null,
    traffic: trafficLog(),
    totals: NO_TOTALS,
    rows: [],
    missedFirst: [],
    forgottenGaps: 0,
    received: null,
    absences: null,
    connected: 0,
    connectReason: null,
    delivered: 0,
    iterating: 0,
    sent: [],
    schedule: null,
  };
}

type WorkerRecords = readonly WorkerRecord[];

/** Whether clients have failed to connect, and none has connected. */
export function noneConnected(workers: WorkerRecords): boolean {
  return (
    workers.every(({ connected }) => connected === 0) &&
    workers.some(({ connectReason }) => connectReason !== null)
  );
}

/** The first worker's most frequent reason why clients failed to connect; null while none has failed. */
export function firstConnectReason(workers: WorkerRecords): string | null {
  return workers.find(({ connectReason }) => connectReason !== null)?.connectReason ?? null;
}

const TOTAL_NAMES = Object.keys(NO_TOTALS) as Array<keyof typeof NO_TOTALS>;

/** Sums over workers, as of their last snapshots. */
export function totalsOfAll(workers: WorkerRecords): LedgerTotals {
  const sums = { ...NO_TOTALS };
  for (const name of TOTAL_NAMES) for (const { totals } of workers) sums[name] += totals[name];
  return sums;
}

/** Measured messages that all workers sent, by stream. */
export function sentByAll(workers: ReadonlyArray<Pick<WorkerRecord, 'sent'>>): SentOfStream[] {
  const byStream = new Map<number, SentOfStream>();
  for (const { stream, sent, rejected } of workers.flatMap((worker) => worker.sent)) {
    const sum = byStream.get(stream) ?? { stream, sent: 0, rejected: 0 };
    byStream.set(stream, { stream, sent: sum.sent + sent, rejected: sum.rejected + rejected });
  }
  return [...byStream.values()];
}
