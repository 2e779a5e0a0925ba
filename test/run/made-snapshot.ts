import type { Snapshot } from '../../src/generator/messages.ts';
import type { ReceivedCounts } from '../../src/generator/received-messages.ts';
import type { ClosedBroadcast } from '../../src/measure/fanout.ts';
import type { LedgerTotals } from '../../src/measure/ledger.ts';
import { Recorder } from '../../src/measure/recorder.ts';
import type { TelemetrySample } from '../../src/measure/telemetry.ts';

export const NO_TOTALS: LedgerTotals = {
  delivered: 0,
  late: 0,
  duplicated: 0,
  reordered: 0,
  corrupted: 0,
  unexpected: 0,
};

/** What a process did in the second before `atNs`. */
export function telemetryAt(atNs: number): TelemetrySample {
  return {
    atNs,
    lengthMs: 1000,
    cpuMs: 10,
    loopUtilization: 0.1,
    pacingShare: 0,
    runQueueWaitMs: 0,
    loopDelayP50Ns: 1,
    loopDelayP99Ns: 1,
    loopDelayMaxNs: 1,
    gcCount: 0,
    gcTotalMs: 0,
    gcMaxMs: 0,
    rssBytes: 1,
    heapUsedBytes: 1,
    heapAfterGcBytes: null,
    bufferedBytes: 0,
  };
}

/** A broadcast that was given up before it reached all of its receivers. */
export function incompleteBroadcast(seq: number): ClosedBroadcast {
  const latencies = { firstNs: 1000, medianNs: 1000, lastNs: 1000 };
  return {
    stream: 0,
    seq,
    intendedNs: 0,
    expected: 2,
    reached: 1,
    ...latencies,
    lastReceiver: 0,
    lastArrivalNs: 0,
  };
}

/** A snapshot of the second from `startNs` in which nothing happened but what `more` says. */
export function madeSnapshot(startNs: number, more: Partial<Snapshot>): Snapshot {
  return {
    startNs,
    endNs: startNs + 1e9,
    recorded: new Recorder().take(),
    headlineWindows: [],
    successive: new Recorder().takeSuccessive(),
    totals: NO_TOTALS,
    bySecond: [],
    broadcasts: [],
    away: null,
    incomplete: [],
    slowest: [],
    closed: [],
    failed: [],
    rejected: [],
    remarks: [],
    unexpected: [],
    pushes: [],
    ownPushes: [],
    pushResolutionNs: null,
    telemetry: [telemetryAt(0)],
    traffic: [],
    snapshotCostMs: 0,
    ...more,
  };
}

/** What a worker reports whose clients received nothing. */
export const NOTHING_RECEIVED: ReceivedCounts = {
  events: [],
  acknowledgements: 0,
  unreadable: 0,
  undecoded: [],
  expected: [],
};
