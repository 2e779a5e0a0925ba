import { largest } from '../../../src/result/order-statistics.ts';
import { list, plural } from '../../../src/text.ts';
import { formatCount, formatDurationMs } from '../../../src/units.ts';
import { markdownTable } from '../../markdown.ts';
import { LOADS } from '../experiments.ts';
import type { CrossCheck, ToolRun } from '../record.ts';
import { figureCell, msText, toolName } from '../run-cells.ts';
import { type Claim, type Experiments, outcomeOf, reported, runNamed } from './claim.ts';

function errorsText({ report }: ToolRun): string {
  if (report === null) return 'no report';
  const errors = Object.entries(report.errors).map(([name, count]) => `${name} (${formatCount(count)})`);
  return errors.length === 0 ? 'none' : errors.join(', ');
}

function endText({ usage }: ToolRun): string {
  return usage.stopped ? 'had to be stopped' : `by itself, exit code ${usage.exitCode ?? 'none'}`;
}

export function neverAckClaim({ neverAck }: Experiments): Claim {
  const { users, waitMs } = LOADS.neverAck;
  const how = `${users} users send one request each. The server never answers. A tool that still waits ${formatDurationMs(waitMs)} after the first request is stopped with SIGTERM.`;
  const table = markdownTable(
    ['run', 'requests at the server', 'answers', 'ended', 'errors reported'],
    neverAck.map((run) => [
      toolName(run),
      formatCount(run.server.requests),
      formatCount(run.server.acknowledged),
      endText(run),
      errorsText(run),
    ]),
  );
  const title = 'Acks without timeout';
  const engines = ['Artillery socketio', 'Artillery socketio-v3'].flatMap(
    (tool) => runNamed(neverAck, tool) ?? [],
  );
  if (engines.length === 0) return { title, outcome: 'unknown', parts: [how, table] };
  const waiting = engines.filter(({ usage }) => usage.stopped);
  const names = list(waiting.map(({ tool }) => tool));
  const seen = waiting.length === engines.length;
  const text =
    waiting.length > 0
      ? `${names} still waited${waiting.every(({ report }) => report === null) ? ', and left no report when stopped' : ''}: an \`acknowledge\` step has no timeout.`
      : 'Every engine ended by itself.';
  const ws = runNamed(neverAck, 'Artillery ws');
  const wsText =
    ws !== undefined && !ws.usage.stopped ? ['The ws engine has a timeout of 10 s and reports it.'] : [];
  const own = reported(neverAck, 'sockbench socketio');
  const lost = own?.report.errors['lost'];
  const ownText = lost === undefined ? [] : [`sockbench reports ${plural(lost, 'request')} as lost.`];
  return { title, outcome: outcomeOf(seen), parts: [how, table, [text, ...wsText, ...ownText].join(' ')] };
}

/** Fields that hold a distribution, by any name that Artillery or sockbench could give it. */
const DISTRIBUTION = /sketch|bins|buckets|histogram|counts/i;

export function sketchesClaim({ experiments, plugin }: CrossCheck): Claim {
  const title = 'Sketches are deleted from --output';
  const run = reported(experiments.stalls, 'Artillery socketio');
  const how = 'The file that `--output` names, of the run with the most requests.';
  if (run === undefined) return { title, outcome: 'unknown', parts: [how] };
  const { distributionFields, periods, latency } = run.report;
  const seen = !distributionFields.some((name) => DISTRIBUTION.test(name));
  const fields = list(distributionFields.map((name) => `\`${name}\``));
  const text = seen
    ? `A histogram in it has the fields ${fields} and no distribution, so that percentiles of several files, or of several periods, cannot be merged.`
    : `A histogram in it has the fields ${fields}.`;
  const counted = periods.filter(({ p99Ms }) => p99Ms !== null);
  const all = counted.reduce((sum, { count }) => sum + count, 0);
  const mean = counted.reduce((sum, { count, p99Ms }) => sum + count * (p99Ms ?? 0), 0) / all;
  const example =
    counted.length > 1
      ? [
          `This run's periods have a p99 of ${list(counted.map(({ p99Ms }) => msText(p99Ms)))}; the whole run has ${msText(latency?.p99Ms ?? null)}, and the mean of the periods by their counts is ${msText(mean)}.`,
        ]
      : [];
  const { sketches } = plugin;
  const pluginText =
    sketches > 0
      ? [
          `The sketches exist until then: a plugin of this cross-check saw ${sketches} of them in ${plural(plugin.periods, 'period')}, with a method to merge them.`,
        ]
      : [];
  return { title, outcome: outcomeOf(seen), parts: [how, [text, ...example, ...pluginText].join(' ')] };
}

/** The claim is of 100 to 300 ms. */
const LONG_STALL_MS = 100;

export function stallsClaim({ experiments, thread }: CrossCheck): Claim {
  const title = 'Aggregation stalls the sending thread';
  const { users, durationMs } = LOADS.stalls;
  const run = runNamed(experiments.stalls, 'Artillery socketio');
  const how = `${users} users send requests for ${formatDurationMs(durationMs)}, each as soon as the last was answered. A processor in the sending thread measures the event loop with \`monitorEventLoopDelay\`, and how long each aggregation of metrics takes.`;
  const longest = largest(thread.aggregationsMs);
  const delay = largest(thread.delaysMs);
  if (run === undefined || longest === null || delay === null)
    return { title, outcome: 'unknown', parts: [how] };
  const table = markdownTable(
    ['', 'value'],
    [
      ['requests/s at the server, median', formatCount(medianRate(run))],
      ['aggregations, ms', thread.aggregationsMs.map((ms) => figureCell(Math.round(ms))).join(', ')],
      ['longest event-loop delay, ms', figureCell(Math.round(delay))],
      ['longest response time reported, ms', figureCell(run.report?.latency?.maxMs)],
    ],
  );
  const seen = longest >= LONG_STALL_MS;
  const text = seen
    ? `Every 10 s the thread that sends and times requests also adds up the values of the period. It did nothing else for ${msText(Math.round(longest))}, and requests in flight were timed with that delay.`
    : `The longest aggregation took ${msText(longest)}: less than the ${LONG_STALL_MS} ms of the claim at this rate.`;
  const generator = reported(experiments.workload, 'sockbench socketio')?.report.generator;
  const own =
    generator == null
      ? []
      : [
          `In sockbench's run of the first section, at ${formatCount(LOADS.workload.rateHz)}/s, handing over a second took ${msText(generator.snapshotMaxMs)} at most, and the event loop was at most ${msText(generator.loopDelayMaxMs)} late. The rates differ, so that the two are not a comparison.`,
        ];
  return { title, outcome: outcomeOf(seen), parts: [how, table, [text, ...own].join(' ')] };
}

function medianRate({ server }: ToolRun): number {
  const sorted = server.requestsBySecond.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

export function failedClaim({ failed }: Experiments): Claim {
  const title = 'Exit code 0 when every user failed';
  const how = `The server refuses each of ${LOADS.failed.users} clients; for ws there is nothing at the path.`;
  const table = markdownTable(
    ['run', 'users completed', 'failed', 'errors reported', 'exit code'],
    failed.map((run) => [
      toolName(run),
      figureCell(run.report?.completedUsers),
      figureCell(run.report?.failedUsers),
      errorsText(run),
      String(run.usage.exitCode ?? '-'),
    ]),
  );
  const engines = failed.filter(({ tool, variant }) => tool.startsWith('Artillery') && variant === '');
  if (engines.length === 0) return { title, outcome: 'unknown', parts: [how, table] };
  const passing = engines.filter(({ usage, report }) => usage.exitCode === 0 && report?.completedUsers === 0);
  const seen = passing.length === engines.length;
  const text =
    passing.length > 0
      ? `${list(passing.map(({ tool }) => tool))} ended with exit code 0 although no user completed.`
      : 'No engine ended with exit code 0.';
  const ensured = runNamed(failed, 'Artillery socketio', 'with ensure');
  const own = runNamed(failed, 'sockbench socketio');
  const others = [
    ...(ensured === undefined
      ? []
      : [
          `With the plugin ensure and \`maxErrorRate: 1\` the exit code is ${ensured.usage.exitCode ?? 'none'}${ensured.usage.exitCode === 0 ? '' : ', so that a CI job can fail'}.`,
        ]),
    ...(own === undefined ? [] : [`sockbench ended with ${own.usage.exitCode ?? 'none'}.`]),
  ];
  return { title, outcome: outcomeOf(seen), parts: [how, table, [text, ...others].join(' ')] };
}
