import { ReasonCounts } from '../measure/reason-counts.ts';
import type { TelemetrySample } from '../measure/telemetry.ts';
import type { RelaySnapshot } from '../relay/messages.ts';
import type { Collector } from './collector.ts';
import { sampleLog } from './phase-log.ts';

/** What the relay of a run has reported so far. */
export class RelayRecord {
  /** Its CPUs, a list as `taskset -c` reads it; null leaves the choice to the kernel. */
  readonly cpus: string | null;
  readonly telemetry = sampleLog<TelemetrySample>();
  /** Resident memory at its first report. */
  rssBeforeBytes: number | null = null;
  readonly role = 'relay';
  pid = -1;
  /** Why links ended connections. */
  readonly cuts = new ReasonCounts();

  constructor(cpus: string | null) {
    this.cpus = cpus;
  }

  /** Takes what it did. What it held before measuring belongs into no series. */
  add(
    { startNs, recorded, telemetry, cuts }: RelaySnapshot,
    { timeline, measureStartNs }: Pick<Collector, 'timeline' | 'measureStartNs'>,
  ): void {
    this.rssBeforeBytes ??= telemetry.rssBytes;
    this.telemetry.push(telemetry);
    this.cuts.addAll(cuts);
    const second = Math.round((startNs - measureStartNs) / 1e9);
    if (second >= 0) timeline.addSeries(second, recorded.series);
  }
}
