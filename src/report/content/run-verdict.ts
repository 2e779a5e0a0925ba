import { transportsText } from '../../result/population-text.ts';
import { remediesOf } from '../../result/remedies.ts';
import type { Finding, RunResult, ThresholdOutcome } from '../../result/run-result.ts';
import { list, plural } from '../../text.ts';
import { formatDurationMs } from '../../units.ts';
import type { Severity } from '../blocks.ts';
import { plain } from '../plain.ts';

const isValid = (result: RunResult) => result.invalid.length === 0;
/** Whether the run ended early. */
export const isPartial = (result: RunResult) => result.status === 'partial';

/** `server_overloaded` becomes `SERVER OVERLOADED`. */
function shout(code: string): string {
  return code.replaceAll('_', ' ').toUpperCase();
}

function sentences(findings: readonly Finding[]): string {
  return findings.map(({ message }) => plain(message)).join('; ');
}

/** `, SERVER OVERLOADED: latency grew; 12 messages lost`, one part for each code; empty without findings. */
function foundText(findings: readonly Finding[]): string {
  const byCode = Map.groupBy(findings, ({ code }) => code);
  return [...byCode].map(([code, each]) => `, ${shout(code)}: ${sentences(each)}`).join('');
}

/**
 * The first line of a report of one run: `VALID`, `VALID, SERVER OVERLOADED: why`, `INVALID: why; why`. It begins with
 * `PARTIAL, ` when the run ended early, and says so when it is only one shard of a run.
 */
export function verdict(result: RunResult): string {
  const belief = isValid(result)
    ? `VALID${foundText(result.findings)}`
    : `INVALID: ${sentences(result.invalid)}`;
  const whole = isPartial(result) ? `PARTIAL, ${belief}` : belief;
  const { shard } = result;
  if (shard === null) return whole;
  return `SHARD ${shard.index} OF ${shard.count} (only a merge of all shards has the whole run), ${whole}`;
}

/** One word for a column: `valid` or `INVALID`, with `, partial` when the run ended early, and `, shard 2/4` of one shard. */
export function validityWord(result: RunResult): string {
  const { shard } = result;
  const part = shard === null ? '' : `, shard ${shard.index}/${shard.count}`;
  return `${isValid(result) ? 'valid' : 'INVALID'}${isPartial(result) ? ', partial' : ''}${part}`;
}

/**
 * The first line of a report of one result or several: the verdict of the one, or how many have which:
 * `VALID: 3 results`, `2 VALID, 1 INVALID, 1 PARTIAL of 3 results`.
 */
export function overallVerdict(results: readonly RunResult[]): string {
  const [only] = results;
  if (only !== undefined && results.length === 1) return verdict(only);
  const codes = results
    .filter(isValid)
    .flatMap(({ findings }) => [...new Set(findings.map(({ code }) => code))]);
  const counts: ReadonlyArray<readonly [string, number]> = [
    ['VALID', results.filter(isValid).length],
    ['INVALID', results.filter((result) => !isValid(result)).length],
    ...[...Map.groupBy(codes, shout)].map(([code, each]) => [code, each.length] as const),
    ['PARTIAL', results.filter(isPartial).length],
    ['SHARD', results.filter(({ shard }) => shard !== null).length],
  ];
  const present = counts.filter(([, count]) => count > 0);
  const total = plural(results.length, 'result');
  const [first] = present;
  if (first !== undefined && present.length === 1) return `${first[0]}: ${total}`;
  return `${present.map(([word, count]) => `${count} ${word}`).join(', ')} of ${total}`;
}

/** `warning` for a valid run that is partial, has findings or missed a threshold; `bad` for an invalid one. */
function severityOfOne(result: RunResult): Severity {
  if (!isValid(result)) return 'bad';
  const missed = result.thresholds.some(({ passed }) => passed !== true);
  return isPartial(result) || result.findings.length > 0 || missed ? 'warning' : 'good';
}

/** The most severe of all results. */
export function runSeverity(results: readonly RunResult[]): Severity {
  const all = results.map(severityOfOne);
  return (['bad', 'warning'] as const).find((severity) => all.includes(severity)) ?? 'good';
}

/** `passed: delivery.p99<50ms: 12.3 ms (11-14)` */
export function thresholdText({ passed, expression, detail }: ThresholdOutcome): string {
  const outcome = passed === null ? 'not judged' : passed ? 'passed' : 'FAILED';
  return `${outcome}: ${expression}: ${detail}`;
}

/** What to do about findings, each remedy once: `next: reduce the load (--rate, --clients)`. */
export function remedyTexts(findings: readonly Finding[]): string[] {
  return remediesOf(findings).map((remedy) => `next: ${remedy}`);
}

/** A note or a caveat names at most so many runs. */
export const MAX_NAMED_RUNS = 3;

/** Latencies of runs that were timed by different clocks do not compare. */
function receiveClockNotes(results: readonly RunResult[], labels: readonly string[]): string[] {
  const byKernel = labels.filter((_, index) => results[index]?.receiving.clock === 'kernel');
  if (byKernel.length === 0 || byKernel.length === labels.length) return [];
  const runs = byKernel.length <= MAX_NAMED_RUNS ? list(byKernel) : plural(byKernel.length, 'run');
  return [
    `the kernel timed the receipts of ${runs}, the generator those of the others: their latencies do not compare`,
  ];
}

/**
 * The notes below the first line. Of one result: each threshold, and what to do about its findings. Of several: every
 * verdict that is more than `VALID`, and every threshold that did not pass, with the name of the run.
 */
export function verdictNotes(results: readonly RunResult[]): string[] {
  const [only] = results;
  if (only !== undefined && results.length === 1) {
    return [...only.thresholds.map(thresholdText), ...remedyTexts([...only.invalid, ...only.findings])];
  }
  const labels = numbered(results.map((result) => `${targetLabel(result)}, ${result.plan.scenario}`));
  const notes = results.flatMap((result, index) => {
    const missed = result.thresholds.filter(({ passed }) => passed !== true).map(thresholdText);
    const ofRun = verdict(result) === 'VALID' ? missed : [verdict(result), ...missed];
    return ofRun.map((note) => `${labels[index] ?? ''}: ${note}`);
  });
  return [...notes, ...receiveClockNotes(results, labels)];
}

/**
 * The target, its transport where the protocol has more than one, and its settings: `ws`, `socketio polling`,
 * `socketio websocket msgpack`, `socketio-redis websocket streams`.
 */
export function targetLabel({ plan, profiles }: RunResult): string {
  const { target, settings } = plan;
  return [
    target.name,
    target.protocol === 'ws' ? null : transportsText(plan),
    settings.namespace,
    settings.parser,
    settings.compression === 'on' ? 'compressed' : null,
    recoveryLabel(settings),
    settings.processes === null ? null : plural(settings.processes, 'process'),
    settings.redisAdapter,
    profiles === null || profiles.length === 0 ? null : 'profiled',
    settings.pollInterval === null ? null : `every ${formatDurationMs(settings.pollInterval)}`,
  ]
    .filter((part) => part !== null)
    .join(' ');
}

function recoveryLabel({ recovery, recoveryWindow }: RunResult['plan']['settings']): string | null {
  if (recovery !== 'on') return null;
  return recoveryWindow === null ? 'recovery' : `recovery ${formatDurationMs(recoveryWindow)}`;
}

/** Numbers equal labels: `ws`, `socketio polling`, and for a further run of the same `ws (2)`. */
export function numbered(labels: readonly string[]): string[] {
  return labels.map((label, index) => {
    const before = labels.slice(0, index).filter((other) => other === label).length;
    return before === 0 ? label : `${label} (${before + 1})`;
  });
}
