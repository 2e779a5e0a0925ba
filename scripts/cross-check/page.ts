import { list, plural } from '../../src/text.ts';
import { formatCount, formatDurationMs, formatMinute, formatNumber, formatPercent } from '../../src/units.ts';
import { markdownTable, wrapParagraph } from '../markdown.ts';
import { type Claim, type Experiments, type Outcome, reported } from './claims/claim.ts';
import { closedLoopClaim, noAckClaim, responseStepClaim, wsMetricsClaim } from './claims/latencies.ts';
import { failedClaim, neverAckClaim, sketchesClaim, stallsClaim } from './claims/results.ts';
import { LOADS } from './experiments.ts';
import type { CrossCheck, ToolRun } from './record.ts';
import { figureCell, LATENCY_HEADINGS, latencyCells, msText, toolName } from './run-cells.ts';

/** Everything that was claimed of Artillery, in the order of the page. */
export function claimsOf(check: CrossCheck): Claim[] {
  const { experiments } = check;
  return [
    closedLoopClaim(experiments),
    wsMetricsClaim(experiments),
    noAckClaim(experiments),
    responseStepClaim(experiments),
    neverAckClaim(experiments),
    sketchesClaim(check),
    stallsClaim(check),
    failedClaim(experiments),
  ];
}

const MIB = 1024 ** 2;

function workloadTable(runs: readonly ToolRun[]): string {
  return markdownTable(
    [
      ...['run', 'requests reported', 'at the server', 'connections at the server'],
      ...LATENCY_HEADINGS,
      ...['CPU µs/request', 'CPU s in all', 'peak RSS MiB'],
    ],
    runs.map((run) => [
      toolName(run),
      figureCell(run.report?.sent),
      formatCount(run.server.requests),
      formatCount(run.server.connections),
      ...latencyCells(run),
      figureCell(run.usage.cpuPerRequestUs),
      formatNumber(run.usage.cpuMs / 1000),
      formatCount(Math.round(run.usage.peakRssBytes / MIB)),
    ]),
  );
}

/** Names the runs in which the tool's count is not the server's. */
function countsText(runs: readonly ToolRun[]): string {
  const missing = runs.filter(({ report }) => report === null).map(toolName);
  const differing = runs.filter(({ report, server }) => report !== null && report.sent !== server.requests);
  const connections = runs.filter(({ server }) => server.connections !== LOADS.workload.users);
  return [
    differing.length === 0
      ? 'Every report has as many requests as the server counted.'
      : `The server counted another number than was reported: ${list(differing.map((run) => `${toolName(run)} (${figureCell(run.report?.sent)} reported, ${formatCount(run.server.requests)} counted)`))}.`,
    connections.length === 0
      ? `The server counted ${LOADS.workload.users} connections for each.`
      : `The server counted other than ${LOADS.workload.users} connections: ${list(connections.map((run) => `${toolName(run)} (${run.server.connections})`))}.`,
    ...(missing.length === 0 ? [] : [`No report was left by ${list(missing)}.`]),
  ].join(' ');
}

function latencyText({ workload }: Experiments): string[] {
  const [own, theirs] = [reported(workload, 'sockbench socketio'), reported(workload, 'Artillery socketio')];
  const [ownLatency, theirLatency] = [own?.report.latency, theirs?.report.latency];
  if (ownLatency == null || theirLatency == null) return [];
  const differ = `p50 is ${msText(ownLatency.p50Ms)} with sockbench and ${msText(theirLatency.p50Ms)} with Artillery's socketio, p99 ${msText(ownLatency.p99Ms)} and ${msText(theirLatency.p99Ms)}.`;
  const why =
    'sockbench measures from the time at which the schedule required the request, and spreads requests evenly. Artillery measures from the call of `emit`, in users that wait for each answer and pause; it rounds to 0.1 ms, and its sketch has a relative error of 1 %.';
  const without = workload.filter(({ report }) => report !== null && report.latency === null).map(toolName);
  const dash = without.length === 0 ? [] : [`A dash: ${list(without)} report no latency of a request.`];
  const invalid = workload
    .filter(({ tool, usage }) => tool.startsWith('sockbench') && usage.exitCode === 3)
    .map((run) => `${toolName(run)} (${list(Object.keys(run.report?.errors ?? {}))})`);
  const marked =
    invalid.length === 0 ? [] : [`sockbench marked its own result as INVALID: ${list(invalid)}.`];
  return [[differ, why, ...dash, ...marked].join(' ')];
}

function costText(runs: readonly ToolRun[]): string[] {
  const costs = runs.flatMap((run) => {
    const us = run.usage.cpuPerRequestUs;
    return us === null ? [] : [{ name: toolName(run), us }];
  });
  const [least] = costs.toSorted((a, b) => a.us - b.us);
  const most = costs.toSorted((a, b) => b.us - a.us)[0];
  if (least === undefined || most === undefined || least === most) return [];
  return [
    `CPU time is that of all processes of a tool, between a tenth and nine tenths of the requests. ${least.name} used least (${formatNumber(least.us)} µs), ${most.name} most (${formatNumber(most.us)} µs). ${pacingText(runs)}"In all" includes the start. Peak RSS is the sum over all processes, so that pages they share count more than once: sockbench has a coordinator and a generator, Artillery one process with threads.`,
  ];
}

/** The part of sockbench's CPU time that does not grow with the rate. */
function pacingText(runs: readonly ToolRun[]): string {
  const ratio = reported(runs, 'sockbench socketio')?.report.generator?.pacingRatio ?? null;
  if (ratio === null) return '';
  return `That of sockbench includes pacing: over Socket.IO its generator waited actively for the time of the next request ${formatPercent(ratio)} of the time. `;
}

function k6Text({ k6 }: CrossCheck): string {
  return k6 === null
    ? 'k6 was not run: there was no `k6` on PATH. With one, `npm run cross-check` adds it, with `scripts/cross-check/k6-ack.js` (raw WebSocket, and Engine.IO). A test runs that script against the server with substitutes for the modules of k6, and it type-checks with `@types/k6` 2.3.0 but for the unions of event types.'
    : `k6 is ${k6}. Its times have a resolution of one millisecond, that of \`Date.now()\`.`;
}

const OUTCOME_TEXTS: Readonly<Record<Outcome, string>> = {
  seen: 'seen',
  'not seen': 'not seen',
  unknown: 'not measured',
};

function claimParts({ title, outcome, parts }: Claim, index: number): string[] {
  return [`### ${index + 1}. ${title}: ${OUTCOME_TEXTS[outcome]}`, ...parts];
}

function featuresText({ experiments, plugin }: CrossCheck): string {
  const run = reported(experiments.features, 'Artillery socketio');
  const { fromHz, toHz, durationMs } = LOADS.features;
  if (run === undefined) return 'This run left no report.';
  const { server, usage, report } = run;
  return [
    `One script had a ramp of arrivals from ${fromHz}/s to ${toHz}/s in ${formatDurationMs(durationMs)}, names from a CSV file, the plugin ensure, and a plugin of this repository.`,
    '',
    `- Ramp: the server counted ${server.connectionsBySecond.join(', ')} new connections in each second, ${server.connections} in all; Artillery reports ${plural(report.completedUsers ?? 0, 'completed user')}.`,
    `- Payload file: the server received ${plural(server.distinct, 'different name')}.`,
    `- ensure: the check \`maxErrorRate\` ${usage.exitCode === 0 ? 'passed' : 'failed'}, exit code ${usage.exitCode ?? 'none'}. The last section of the claims shows it where it must fail.`,
    `- Plugins: one file with a class is enough; it saw ${plural(plugin.periods, 'period')}.`,
    '- Scale-out: `run-fargate`, `run-lambda` and `run-aci` start workers in AWS and Azure, and merge what they report; not run here. sockbench leaves starting its shards to a scheduler.',
  ].join('\n');
}

/** What differs between the two versions, from the sources of both packages; nothing here was run with 2.0.21. */
const VERSIONS = `From the sources of both packages and the commits between them; 2.0.21 was not run.

- ESM, for Node.js 22.18 or later (2.0.21: CommonJS, 18.16). \`exports\` is closed, and engines and plugins are loaded by \`import()\`, as processors that are modules were before. Core, commons and the built-in plugins are part of the package.
- New: \`ping\`, tags for resources in AWS, a heartbeat of the command line on Fargate, trace contexts for HTTP. \`report\`, which wrote an HTML page from \`--output\`, only prints that it is no longer supported.
- AWS SDK 3, socket.io-client 4.8 (2.0.21: 4.5 or later). Names of metrics are cut at 1,024 characters.
- Unchanged in what this page is about: the socketio and ws engines became classes with the same steps, metrics and timeouts; metrics are kept as arrays of values and added up in the sending thread, in periods of 10 s; \`--output\` deletes the sketches; the exit code is 0 unless a check of ensure fails; there are as many local workers as CPUs less one.
- Pauses: \`think: 20ms\` is 20 ms in socketio and ws, but 20 s in socketio-v3, which uses the steps of Artillery 1. \`think: 0.02\` is 20 ms in socketio-v3, and 1 ms in socketio: a fraction needs a unit there.`;

/** Breaks the lines of paragraphs and list items; tables and headings stay. */
function wrapPart(part: string): string {
  const wrapLine = (line: string) =>
    line.startsWith('- ') ? wrapParagraph(line).replaceAll('\n', '\n  ') : wrapParagraph(line);
  return /^[|#]/.test(part) ? part : part.split('\n').map(wrapLine).join('\n');
}

/** Returns docs/cross-check.md. */
export function crossCheckPage(check: CrossCheck): string {
  const { experiments, versions } = check;
  const { users, rateHz, durationMs } = LOADS.workload;
  const claims = claimsOf(check);
  const versionText = list(Object.entries(versions).map(([name, version]) => `${name} ${version}`));
  const parts = [
    '# Cross-check',
    'A second opinion on sockbench: the same requests with other tools, on one server that counts connections and messages. `npm run cross-check` runs it and writes this page and [its figures](cross-check.json). The text is generated from the figures: it says so where a claim does not hold in them.',
    `- ${formatMinute(check.startedAt)} UTC, in ${formatDurationMs(check.durationMs)}, on ${check.machine}\n- commit ${check.commit ?? 'unknown'}; ${versionText}\n- reports are the machine output of each tool; CPU time and memory are read from /proc every 100 ms`,
    '## The same requests with each tool',
    `${users} clients, ${formatCount(rateHz)} requests/s, ${formatDurationMs(durationMs)}, over WebSocket, without warm-up, one run after another. Socket.IO events with an acknowledgement; over raw WebSocket, envelopes with an id. In Artillery and k6 each client has its own timer or pause of ${LOADS.workload.thinkMs} ms.`,
    workloadTable(experiments.workload),
    countsText(experiments.workload),
    ...latencyText(experiments),
    ...costText(experiments.workload),
    k6Text(check),
    '## Claims about Artillery',
    markdownTable(
      ['claim', `with Artillery ${versions['artillery'] ?? ''}`],
      claims.map(({ title, outcome }) => [title, OUTCOME_TEXTS[outcome]]),
    ),
    ...claims.flatMap(claimParts),
    '## What Artillery does well',
    featuresText(check),
    '## Artillery 2.0.21 and 2.0.34',
    VERSIONS,
  ];
  return `${parts.map(wrapPart).join('\n\n')}\n`;
}
