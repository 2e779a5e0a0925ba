import type { Target } from '../generator/target.ts';
import { type Clock, createClock } from '../measure/clock.ts';
import { type EventLoop, ownEventLoop } from '../measure/event-loop.ts';
import { createPayloads, type Payloads } from '../measure/payload.ts';
import { ReasonCounts } from '../measure/reason-counts.ts';
import { ReceiveWindow } from '../measure/receive-window.ts';
import { Recorder } from '../measure/recorder.ts';
import { unstalled } from '../measure/series.ts';
import { TelemetrySampler } from '../measure/telemetry.ts';
import { realTimers, type Timers } from '../measure/timers.ts';
import { TrafficSampler } from '../measure/traffic.ts';
import { contentsOf } from '../plan/payload-plan.ts';
import type { Plan } from '../plan/plan.ts';

/** What all users of one thread share. */
export interface ThreadParts {
  readonly plan: Plan;
  readonly target: Target;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly payloads: Payloads;
  readonly recorder: Recorder;
  readonly window: ReceiveWindow;
  readonly telemetry: Pick<TelemetrySampler, 'sample'>;
  readonly traffic: Pick<TrafficSampler, 'take' | 'notePoll'>;
  readonly failures: ReasonCounts;
  readonly dropped: ReasonCounts;
  readonly failed: ReasonCounts;
  readonly unexpected: ReasonCounts;
  readonly unsent: ReasonCounts;
  /** Whether something was measured so far. A warm-up is in no series of a report. */
  readonly phase: { isMeasured: boolean };
}

/** Everything outside a thread that it uses. A test gives one in virtual time. */
export interface ThreadHost extends Pick<ThreadParts, 'clock' | 'timers' | 'telemetry' | 'traffic'> {
  readonly loop: EventLoop;
}

/**
 * The host of this thread. The CPU time of the process is that of all its threads, so that one of them reports it:
 * `hasCpu`.
 */
export function threadHost(originNs: bigint, hasCpu: boolean): ThreadHost {
  const clock = createClock(originNs);
  const telemetry = hasCpu ? new TelemetrySampler(clock) : new TelemetrySampler(clock, () => 0);
  const loop = ownEventLoop(telemetry.delay);
  return { clock, timers: realTimers, telemetry, traffic: new TrafficSampler(), loop };
}

/** Makes the parts of a thread as a generator process has them. `key`: the same in all threads of a run. */
export function threadParts(plan: Plan, target: Target, key: number, host: ThreadHost): ThreadParts {
  const { clock, timers, telemetry, traffic, loop } = host;
  const recorder = new Recorder();
  const { headline } = plan;
  const phase = { isMeasured: false };
  const window = new ReceiveWindow({
    clock,
    timers,
    loop,
    onReceived: (uncertaintyNs) => {
      if (phase.isMeasured) recorder.record('receive_uncertainty', uncertaintyNs);
    },
    onLatency: (latencyNs, stallNs) => recorder.record(unstalled(headline), Math.max(0, latencyNs - stallNs)),
  });
  recorder.series(headline).onValue = (valueNs) => window.noteLatency(valueNs);
  return {
    plan,
    target,
    clock,
    timers,
    payloads: createPayloads({
      key,
      contents: contentsOf(plan),
      check: target.mapping.changesPayload === true ? 'nothing' : plan.verify ? 'content' : 'length',
    }),
    recorder,
    window,
    telemetry,
    traffic,
    failures: new ReasonCounts(),
    dropped: new ReasonCounts(),
    failed: new ReasonCounts(),
    unexpected: new ReasonCounts(),
    unsent: new ReasonCounts(),
    phase,
  };
}
