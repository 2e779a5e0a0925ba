import type { RunSoFar } from '../result/view.ts';
import { countSamples } from './deliveries.ts';
import { LOST_AFTER_S } from './live-run.ts';
import type { StartedRun } from './phases.ts';
import { intervalsOfShard } from './shard-run.ts';
import { telemetryOf } from './stored-samples.ts';

/** Returns what the charts of a report need of a run that goes on. It changes nothing, and encodes nothing. */
export function runSoFar(run: StartedRun): RunSoFar {
  const { plan, host, collector, membership, server, workers, relay } = run;
  const { timeline, measureStartNs } = collector;
  // The time axis shows the whole planned time from the start on.
  const timing = { measureMs: plan.durationMs };
  const lostBefore = Math.floor((host.clock.nowNs() - measureStartNs) / 1e9) - LOST_AFTER_S;
  const stored = timeline.storedSoFar(lostBefore);
  const intervals = membership.crosses ? intervalsOfShard(stored) : stored;
  const servers = server.telemetry?.processes() ?? [];
  const isMeasuring = Number.isFinite(measureStartNs);
  return {
    result: {
      headline: plan.headline,
      intervals,
      telemetry: isMeasuring
        ? telemetryOf({ collector, relay, servers, workerPids: workers.pids })
        : { servers: [], workers: [] },
      disconnects: isMeasuring ? collector.disconnects.stored() : [],
      // Workers report absences at the end.
      disruptions: [],
      timing,
      ledger: { lost: intervals.reduce((sum, { lost }) => sum + lost, 0) },
    },
    series: timeline.series,
    samples: countSamples(run),
  };
}
