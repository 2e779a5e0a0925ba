import type { OutsideSample, TelemetrySample } from '../measure/telemetry.ts';
import type { RunResult } from '../result/run-result.ts';
import { NOT_RECEIVING } from '../result/stored-telemetry.ts';
import type { StoredSample } from '../result/telemetry.ts';
import type { RunRecord } from './assemble.ts';

type TelemetryRecord = Pick<RunRecord, 'collector' | 'relay' | 'servers' | 'workerPids'>;

/** The samples of all processes so far. */
export function telemetryOf(record: TelemetryRecord): RunResult['telemetry'] {
  const { collector, servers, workerPids, relay } = record;
  const roleAt = (index: number) => ({ role: `generator ${index + 1}`, pid: workerPids[index] ?? -1 });
  const generators = collector.workers.map((worker, index) => ({ ...worker, ...roleAt(index) }));
  return {
    servers: servers.map(({ source, pid, rssBeforeBytes, samples }, index) => ({
      role:
        servers.length === 1 ? 'server' : source === 'proc' ? 'server, not probed' : `server ${index + 1}`,
      pid,
      source,
      rssBeforeBytes,
      samples: storeSamples(samples, record),
    })),
    workers: [...generators, ...(relay === null ? [] : [relay])].map(
      ({ role, pid, telemetry, rssBeforeBytes }) => ({
        ...{ role, pid, rssBeforeBytes, source: 'probe' },
        samples: storeSamples(telemetry.items, record),
      }),
    ),
  };
}

/** Only a probe inside the process knows these. */
const NOT_PROBED = {
  loopUtilization: null,
  pacingShare: null,
  runQueueWaitMs: null,
  loopDelayP50Ns: null,
  loopDelayP99Ns: null,
  loopDelayMaxNs: null,
  gcCount: null,
  gcTotalMs: null,
  gcMaxMs: null,
  heapUsedBytes: null,
  heapAfterGcBytes: null,
  bufferedBytes: null,
  ...NOT_RECEIVING,
} as const;

function storeSamples(
  samples: ReadonlyArray<OutsideSample | TelemetrySample>,
  { collector }: TelemetryRecord,
): StoredSample[] {
  return samples.map(({ atNs, ...sample }) => ({
    ...NOT_PROBED,
    rssMeanBytes: sample.rssBytes,
    ...sample,
    atMs: (atNs - collector.measureStartNs) / 1e6,
  }));
}
