import { seriesOfRun } from '../measure/series.ts';
import type { GeneratorSample, ReceivingSample, TelemetrySample } from '../measure/telemetry.ts';
import { callAt } from '../measure/timers.ts';
import type { Traffic, TrafficSpan } from '../measure/traffic.ts';
import { warmupWindowMs } from '../plan/tested-windows.ts';
import { awaySince } from './absence-report.ts';
import type { WorkerContext } from './context.ts';
import { HeadlineWindows } from './headline-windows.ts';
import type { Snapshot } from './messages.ts';
import type { Chores } from './pacer-waits.ts';
import { rehearseDeliveries } from './rehearsal.ts';
import type { OwnSockets } from './sockets.ts';

const MEASURED_PERIOD_NS = 1e9;
/** How long before the end of its period a snapshot waits for a moment without anything to send; then it comes anyway. */
const SNAPSHOT_EARLY_NS = 20e6;
const REHEARSALS = 40;

/** What a snapshot takes from the rest of the worker. */
export type MeasuredPart = Omit<
  Snapshot,
  | 'startNs'
  | 'endNs'
  | 'recorded'
  | 'headlineWindows'
  | 'successive'
  | 'away'
  | 'telemetry'
  | 'traffic'
  | 'snapshotCostMs'
>;

export interface SnapshotsOptions {
  readonly telemetry: { sample(): TelemetrySample };
  /** Null for a driver that has its own. */
  readonly sockets: Pick<OwnSockets, 'kind' | 'loop'> | null;
  readonly traffic: { take(): Traffic };
  /** What was measured since the last call; `isLast` when the run is over. */
  readonly takeMeasured: (isLast: boolean) => MeasuredPart;
  readonly post: (snapshot: Snapshot) => void;
}

/** Posts what a worker measured in every period, a second unless given, at a moment when nothing is due if there is one. */
export class Snapshots implements Chores {
  readonly #context: WorkerContext;
  readonly #options: SnapshotsOptions;
  readonly #windows: HeadlineWindows;
  #cancel = () => {};
  #boundaryNs = 0;
  #periodNs = MEASURED_PERIOD_NS;
  #isDue = false;
  #startNs = 0;
  #costMs = 0;
  #usageFromNs = 0;
  #telemetry: GeneratorSample[] = [];
  #traffic: TrafficSpan[] = [];

  constructor(context: WorkerContext, options: SnapshotsOptions) {
    this.#context = context;
    this.#options = options;
    this.#windows = new HeadlineWindows(context);
  }

  /** Posts once for each window of the warm-up. */
  warmUp(startNs: number): void {
    this.#from(startNs, warmupWindowMs(this.#context.plan) * 1e6);
  }

  /** Posts once for each second from the start of measuring. */
  measure(startNs: number): void {
    this.#from(startNs, MEASURED_PERIOD_NS);
    this.#windows.start();
  }

  /** Posts at `boundaryNs` and every period after it, and no longer at the times that were set before. */
  #from(boundaryNs: number, periodNs: number): void {
    this.#cancel();
    this.#isDue = false;
    this.#boundaryNs = boundaryNs;
    this.#periodNs = periodNs;
    this.#cancel = callAt(this.#context, boundaryNs - SNAPSHOT_EARLY_NS, () => {
      this.#isDue = true;
      this.#cancel = callAt(this.#context, boundaryNs, () => this.run());
    });
  }

  /** From when on a snapshot waits for a moment without anything to send. */
  get fromNs(): number {
    return this.#boundaryNs - SNAPSHOT_EARLY_NS;
  }

  /** Takes a snapshot if one is due; to be called when there is time for it. */
  run(): void {
    if (!this.#isDue) return;
    this.take(false);
    const periodNs = this.#periodNs;
    const behind = Math.floor((this.#context.clock.nowNs() - this.#boundaryNs) / periodNs);
    this.#from(this.#boundaryNs + (Math.max(0, behind) + 1) * periodNs, periodNs);
  }

  stop(): void {
    this.#cancel();
    this.#windows.stop();
    this.#isDue = false;
  }

  take(isLast: boolean): void {
    const { clock } = this.#context;
    const startedNs = clock.nowNs();
    this.#options.post(this.#gather(isLast));
    this.#costMs = (clock.nowNs() - startedNs) / 1e6;
  }

  /** Ends the current sample of telemetry and traffic, so that none crosses a phase border. */
  cutUsage(): void {
    const { telemetry, traffic } = this.#options;
    const endNs = this.#context.clock.nowNs();
    this.#telemetry.push({ ...telemetry.sample(), ...this.#sampleReceiving() });
    this.#traffic.push({ startNs: this.#usageFromNs, endNs, traffic: traffic.take() });
    this.#usageFromNs = endNs;
  }

  #sampleReceiving(): ReceivingSample {
    const { sockets } = this.#options;
    const counts = sockets?.kind === 'kernel' ? (sockets.loop?.takeCounts() ?? null) : null;
    return {
      ...this.#context.receipts.take(),
      receiveWaitMaxNs: counts?.longestWaitNs ?? null,
      receiveBufferMaxRatio: counts === null ? null : Math.min(1, counts.fullestBuffer),
      queuedSendCount: counts?.sendsNotTaken ?? null,
    };
  }

  /**
   * Enters made-up deliveries, takes snapshots of made-up values, from 1 ns to 3 s, and discards them. The first ones cost
   * some milliseconds of allocating and compiling, which must not fall into the measured time.
   */
  rehearse(): void {
    rehearseDeliveries(this.#context);
    const { scenario, recorder } = this.#context;
    for (let rehearsal = 0; rehearsal < REHEARSALS; rehearsal++) {
      for (const { name } of seriesOfRun(scenario.series)) {
        for (let step = 0; step < 450; step++) recorder.record(name, Math.round(1.05 ** step));
      }
      this.#gather(false);
    }
  }

  #gather(isLast: boolean): Snapshot {
    const { clock, recorder } = this.#context;
    const measured = this.#options.takeMeasured(isLast);
    this.cutUsage();
    const endNs = clock.nowNs();
    const snapshot: Snapshot = {
      ...measured,
      startNs: this.#startNs,
      endNs,
      recorded: recorder.take(),
      headlineWindows: this.#windows.take(),
      successive: recorder.takeSuccessive(),
      away: awaySince(this.#context, this.#startNs),
      telemetry: this.#telemetry,
      traffic: this.#traffic,
      snapshotCostMs: this.#costMs,
    };
    this.#startNs = endNs;
    this.#telemetry = [];
    this.#traffic = [];
    return snapshot;
  }
}
