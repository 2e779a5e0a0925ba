import type { SentOfStream } from '../generator/messages.ts';
import type { AccountRow, LedgerTotals } from '../measure/ledger.ts';
import type { TelemetrySample } from '../measure/telemetry.ts';
import type { TrafficSpan } from '../measure/traffic.ts';

/** What one worker has reported so far. */
export interface WorkerRecord {
  /** Messages that it has posted. */
  messages: number;
  /** Resident memory before its clients connected; null before it is ready. */
  rssBeforeBytes: number | null;
  readonly telemetry: TelemetrySample[];
  readonly traffic: TrafficSpan[];
  totals: LedgerTotals;
  rows: readonly AccountRow[];
  connected: number;
  /** The most frequent reason why clients failed to connect, while others still try. */
  connectReason: string | null;
  /** The latest counts of deliveries and of iterations in flight, during the drain. */
  delivered: number;
  iterating: number;
  /** Measured messages sent, by stream. */
  sent: readonly SentOfStream[];
}

export const NO_TOTALS = { delivered: 0, late: 0, duplicated: 0, reordered: 0, corrupted: 0, unexpected: 0 };

export function newWorkerRecord(): WorkerRecord {
  return {
    messages: 0,
    rssBeforeBytes: null,
    telemetry: [],
    traffic: [],
    totals: NO_TOTALS,
    rows: [],
    connected: 0,
    connectReason: null,
    delivered: 0,
    iterating: 0,
    sent: [],
  };
}
