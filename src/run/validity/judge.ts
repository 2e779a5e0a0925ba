import { sumOfReasons } from '../../result/aggregate.ts';
import type { Finding } from '../../result/findings.ts';
import { faultOf } from '../../result/remedies.ts';
import type { RunResult } from '../../result/run-result.ts';
import { wallStepNs } from '../../result/stored-clock.ts';
import { runQueueWaitMs } from '../../result/telemetry.ts';
import { type ResultView, viewResult } from '../../result/view.ts';
import { listCounted, plural } from '../../text.ts';
import { formatCount, formatLimitNs, formatNs, formatPercent } from '../../units.ts';
import { findConnectionsLeft, findNotBack } from './absence-rules.ts';
import { noteCorrelation } from './correlation-rules.ts';
import { findHeldCuts } from './held-rules.ts';
import { findOverload } from './overload.ts';
import { noteUncertainty } from './receive-rules.ts';
import { noteCuts, noteRelay } from './relay-rules.ts';
import { judgeValidity } from './rules.ts';
import { noteSlowReaders } from './slow-rules.ts';
import { findDrifting, noteSchedule, noteWarmup, testSteadiness } from './steady-rules.ts';

/** Whether other programs or machines took the CPUs of the run: queues then say nothing about the server. */
function isDisturbance({ code }: Finding): boolean {
  return code === 'generator_stalled' || code === 'cpu_steal' || code === 'cpu_throttled';
}

/**
 * Adds to a result why it is invalid, what it found of the server, and its notes. `impossible`: how many values of each
 * series no working clock gives.
 */
export function judgeRun(
  result: RunResult,
  impossible: ReadonlyArray<{ readonly reason: string; readonly count: number }>,
): RunResult {
  const view = viewResult(result);
  const invalid: Finding[] = [
    ...result.invalid,
    ...impossible.map(({ reason: series, count }) => {
      const what = series in result.ownSeries ? 'negative or not numbers' : 'zero or negative';
      return { code: 'clock' as const, message: `${plural(count, 'value')} of ${series} were ${what}` };
    }),
    // Why a run ended early says more than what its figures show of the same.
    ...judgeValidity(view).filter(({ code }) => !result.invalid.some((reason) => reason.code === code)),
  ];
  // When the generator was the limit, queues and losses say nothing about the server.
  const isGeneratorLimit = invalid.some((finding) => faultOf(finding) === 'generator');
  const queue = isGeneratorLimit || invalid.some(isDisturbance) ? null : findOverload(view);
  const isOverloaded = queue?.code === 'server_overloaded';
  const isMachineLimit = queue?.code === 'machine_overloaded';
  const delivery = isGeneratorLimit || isOverloaded || isMachineLimit ? null : findImperfectDelivery(result);
  // A queue is a drift whose cause is known, and so is a generator that was the limit.
  const steadiness = testSteadiness(view);
  const drift = queue === null && !isGeneratorLimit ? findDrifting({ ...result, steadiness }) : null;
  const findings = [...result.findings, queue, drift, delivery];
  findings.push(findHeldCuts(result), findNotBack(result), findConnectionsLeft(result));
  if (isGeneratorLimit && !invalid.some(({ code }) => code === 'generator_busy'))
    findings.push(findOtherWork(result));
  const rejected = sumOfReasons(result.rejected);
  if (rejected > 0 && !invalid.some(({ code }) => code === 'all_rejected')) {
    const message = `${formatCount(rejected)} of ${plural(result.rate.sent, 'message')} rejected by the server: ${listCounted(result.rejected)}`;
    findings.push({ code: 'rejected', message });
  }
  if (result.failed.length > 0) findings.push({ code: 'failed', message: listCounted(result.failed) });
  const { corrupted, unexpected } = result.ledger;
  if (corrupted > 0) {
    const message = `${plural(corrupted, 'message')} arrived with another ${result.plan.verify ? 'length or content' : 'length'} than was sent`;
    findings.push({ code: 'corrupted_deliveries', message });
  }
  const undecoded = result.received?.undecoded ?? [];
  if (undecoded.length > 0) {
    const message = `${plural(sumOfReasons(undecoded), 'message')} could not be decoded: ${listCounted(undecoded)}`;
    findings.push({ code: 'undecoded_messages', message });
  }
  if (unexpected > 0) {
    const message = `${plural(unexpected, 'unexpected message')}: ${listCounted(result.unexpected)}`;
    findings.push({ code: 'unexpected_deliveries', message });
  }
  const notes = [
    ...result.notes,
    noteUncertainty(view),
    noteRelay(view),
    noteCuts(view),
    noteSlowReaders(view),
    noteWarmup(result),
    // Lag that invalidates the run says the same.
    isGeneratorLimit ? null : noteSchedule(view),
    noteCorrelation(view),
    noteStages(view),
    noteSlowFunctions(view),
    notePushes(result),
  ];
  const stepNs = result.clock === null ? 0 : wallStepNs(result.clock);
  if (stepNs !== 0)
    notes.push({
      code: 'wall_clock_set',
      message: `the wall clock was set by ${formatNs(stepNs)} during the run`,
    });
  return {
    ...result,
    steadiness,
    // An overloaded server delivers too few messages. That is the finding, and the run is valid.
    // A shard has only a part of the samples; a merge has them all.
    invalid:
      isOverloaded || result.shard !== null
        ? invalid.filter(({ code }) => code !== 'too_few_samples' && code !== 'nothing_arrived')
        : invalid,
    findings: findings.filter((finding) => finding !== null),
    notes: notes.filter((note) => note !== null),
  };
}

/** The share of the measured time for which a process may wait for a CPU. */
const MAX_CPU_WAIT = 0.05;

/** Other programs that took the CPUs of the generator. Generator processes without CPUs of their own may be those. */
function findOtherWork({ telemetry: { workers }, timing, environment }: RunResult): Finding | null {
  const waits = workers.map((worker) => (runQueueWaitMs(worker, timing.measureMs) ?? 0) / timing.measureMs);
  const longest = Math.max(0, ...waits);
  if (!(longest > MAX_CPU_WAIT) || workers.length >= environment.cpuCount) return null;
  const message = `other programs used the CPUs of the generator, which waited for one ${formatPercent(longest)} of the time`;
  return { code: 'machine_busy', message };
}

/** Notes how exact latencies of pushes are, or why they are not measured. */
function notePushes({ pushResolutionNs, plan, samples }: RunResult): Finding | null {
  if (samples.unit === 'push' && plan.target.pushes?.sentAt === 'elsewhere') {
    const message = `push_latency was not measured: the server at ${plan.target.url ?? ''} has another clock than this host`;
    return { code: 'push_not_timed', message };
  }
  if (pushResolutionNs === null) return null;
  const message = `push_latency has a resolution of ${formatLimitNs(pushResolutionNs)}, that of the server's times: it counts whole steps`;
  return { code: 'push_resolution', message };
}

/** Notes that the stages of a handshake are unknown, where they are what the run is about. */
function noteStages({ result }: ResultView): Finding | null {
  const { headline, samples, series, plan } = result;
  const isKnown = Object.keys(series).some((name) => name.startsWith('stage_'));
  if (headline !== 'handshake' || samples.count === 0 || isKnown) return null;
  const message = `the driver ${plan.driver} reports no stages of a handshake over ${plan.target.protocol} ${plan.transport}`;
  return { code: 'no_stages', message };
}

/** The share of the median latency from which the time of async functions is noted. */
const MAX_FUNCTION_SHARE = 0.1;

/** Notes how much of the latency is the time of the target's own async functions. */
function noteSlowFunctions(view: ResultView): Finding | null {
  const { headline } = view.result;
  const [ownNs, latencyNs] = ['target_function', headline].map((series) =>
    view.histogram(series)?.quantileNs(0.5),
  );
  if (ownNs === undefined || latencyNs === undefined || ownNs <= latencyNs * MAX_FUNCTION_SHARE) return null;
  const message = `async functions of the target took ${formatNs(ownNs)} at p50, which is part of ${headline} p50, ${formatNs(latencyNs)}`;
  return { code: 'slow_functions', message };
}

function findImperfectDelivery({ ledger, samples, rate }: RunResult): Finding | null {
  const { expected, delivered, lost, duplicated, reordered } = ledger;
  if (samples.unit === 'push' && lost > 0 && delivered === rate.sent) {
    const message = `each of ${plural(rate.sent, 'push')} reached one client, so that ${formatCount(lost)} of ${formatCount(expected)} deliveries are missing: where each client gets pushes of its own, remove key from observe in the target file`;
    return { code: 'imperfect_delivery', message };
  }
  const faults = [
    lost > 0 ? `${formatCount(lost)} of ${formatCount(expected)} messages lost` : '',
    duplicated > 0 ? plural(duplicated, 'duplicate') : '',
    reordered > 0 ? `${formatCount(reordered)} out of order` : '',
  ].filter((fault) => fault !== '');
  return faults.length === 0 ? null : { code: 'imperfect_delivery', message: faults.join(', ') };
}
