import { list } from '../../../src/text.ts';
import { formatCount } from '../../../src/units.ts';
import { markdownTable } from '../../markdown.ts';
import { LOADS } from '../experiments.ts';
import type { ToolRun } from '../record.ts';
import { figureCell, LATENCY_HEADINGS, latencyCells, msText, toolName } from '../run-cells.ts';
import { type Claim, type Experiments, outcomeOf, reported } from './claim.ts';

/** The fewest requests that the server received in a full second of the load. */
function slowestSecond({ server }: ToolRun): number {
  return Math.min(...server.requestsBySecond.slice(1, -1));
}

export function closedLoopClaim({ closedLoop }: Experiments): Claim {
  const { users, rateHz, stallMs } = LOADS.closedLoop;
  const own = reported(closedLoop, 'sockbench socketio');
  const theirs = reported(closedLoop, 'Artillery socketio');
  const arrivals = reported(closedLoop, 'Artillery socketio', 'one request per user');
  const title = 'Closed loop inside a virtual user';
  const table = markdownTable(
    ['run', 'sent', 'requests at the server', 'in the slowest second', ...LATENCY_HEADINGS],
    closedLoop.map((run) => [
      toolName(run),
      figureCell(run.report?.sent),
      formatCount(run.server.requests),
      formatCount(slowestSecond(run)),
      ...latencyCells(run),
    ]),
  );
  const how = `The server blocks its event loop once, for ${stallMs} ms. ${users} clients share ${rateHz} requests/s.`;
  const [ownP99, theirP99] = [own?.report.latency?.p99Ms ?? null, theirs?.report.latency?.p99Ms ?? null];
  if (own === undefined || theirs === undefined || ownP99 === null || theirP99 === null)
    return { title, outcome: 'unknown', parts: [how, table] };
  const seen = theirP99 < stallMs / 2 && ownP99 >= stallMs / 2;
  const text = seen
    ? `A virtual user waits for its answer and sends nothing meanwhile. At most ${users} requests of Artillery met the stall, so that its p99 is ${msText(theirP99)}. sockbench reports ${msText(ownP99)}: each request is timed from when the schedule required it. In the slowest second the server received ${slowestSecond(theirs)} requests from Artillery, and ${slowestSecond(own)} from sockbench.`
    : `p99 is ${msText(theirP99)} with Artillery and ${msText(ownP99)} with sockbench: the two did not differ as a closed loop predicts.`;
  const max = theirs.report.latency?.maxMs ?? 0;
  const fair = max >= stallMs * 0.8 ? [`Artillery's maximum, ${msText(max)}, shows the stall.`] : [];
  return {
    title,
    outcome: outcomeOf(seen),
    parts: [how, table, [text, ...fair].join(' '), ...arrivalsText(arrivals)],
  };
}

/** Arrivals of virtual users are an open loop. */
function arrivalsText(run: ReturnType<typeof reported>): string[] {
  const sessionMs = run?.report.sessionP99Ms ?? null;
  const responseMs = run?.report.latency?.p99Ms ?? null;
  if (sessionMs === null || responseMs === null) return [];
  const { stallMs } = LOADS.closedLoop;
  return sessionMs >= stallMs / 2
    ? [
        `Arrivals are an open loop. With one request per virtual user, users arrive during the stall, and \`vusers.session_length\` has a p99 of ${msText(sessionMs)}. That of the response time is ${msText(responseMs)}${responseMs < stallMs / 2 ? ', since it excludes connecting' : ''}.`,
      ]
    : [`With one request per virtual user, \`vusers.session_length\` has a p99 of ${msText(sessionMs)}.`];
}

export function wsMetricsClaim({ workload }: Experiments): Claim {
  const ws = reported(workload, 'Artillery ws');
  const v3 = reported(workload, 'Artillery socketio-v3');
  const title = 'No latency in the ws engine';
  const how = 'The ws run of the first section. Its metrics:';
  if (ws === undefined) return { title, outcome: 'unknown', parts: [how] };
  const { metrics, latency } = ws.report;
  const times = metrics.filter((name) => /time|latency|duration/.test(name));
  const seen = latency === null && times.length === 0;
  const names = list(metrics.map((name) => `\`${name}\``));
  const text = seen
    ? `The server answered ${formatCount(ws.server.acknowledged)} requests, and no metric is the time until an answer. \`vusers.session_length\` covers the whole flow with its think times. A processor can add one, as \`scenarios/artillery/timing.js\` does.`
    : `It reports ${list(times)}.`;
  const v3Text =
    v3 === undefined
      ? []
      : [
          v3.report.latency === null
            ? 'socketio-v3 has none either: it emits its times as an event of Artillery 1, which Artillery 2 does not record.'
            : `socketio-v3 reports a p99 of ${msText(v3.report.latency.p99Ms)}.`,
        ];
  return { title, outcome: outcomeOf(seen), parts: [`${how} ${names}.`, [text, ...v3Text].join(' ')] };
}

/** Says when half of the response times are shorter than any answer took. */
function p50Text(p50Ms: number | null): string {
  const { ackDelayMs } = LOADS.noAck;
  if (p50Ms === null || p50Ms >= ackDelayMs) return '';
  return ` p50 is ${msText(p50Ms)}, although no answer came before ${ackDelayMs} ms.`;
}

export function noAckClaim({ noAck }: Experiments): Claim {
  const { users, repetitions, ackDelayMs } = LOADS.noAck;
  const run = reported(noAck, 'Artillery socketio');
  const title = 'An emit without ack is timed as a response';
  const how = `Each of ${users} users sends ${repetitions} events without \`acknowledge\` and ${repetitions} requests with it, in turn. The server answers a request after ${ackDelayMs} ms, and an event never.`;
  const table = markdownTable(
    ['run', 'events at the server', 'requests', 'answers', 'response times', 'p50 ms', 'p99 ms'],
    noAck.map(({ report, server, ...rest }) => [
      toolName(rest),
      ...[server.events, server.requests, server.acknowledged].map(formatCount),
      figureCell(report?.latency?.count),
      figureCell(report?.latency?.p50Ms),
      figureCell(report?.latency?.p99Ms),
    ]),
  );
  const latency = run?.report.latency;
  if (run === undefined || latency == null) return { title, outcome: 'unknown', parts: [how, table] };
  const seen = latency.count > run.server.acknowledged;
  const text = seen
    ? `\`socketio.response_time\` has ${formatCount(latency.count)} values for ${formatCount(run.server.acknowledged)} answers. The others are the duration of a call that only queues the event.${p50Text(latency.p50Ms)}`
    : `\`socketio.response_time\` has as many values as the server gave answers.`;
  return { title, outcome: outcomeOf(seen), parts: [how, table, text] };
}

/** The time after which the step gives up, unless `config.timeout` is set. */
const STEP_TIMEOUT_MS = 10_000;

export function responseStepClaim({ responseStep }: Experiments): Claim {
  const { users } = LOADS.responseStep;
  const without = reported(responseStep, 'Artillery socketio', 'without data');
  const withData = reported(responseStep, 'Artillery socketio', 'with data');
  const v3 = reported(responseStep, 'Artillery socketio-v3', 'without data');
  const title = 'A `response` step without `data` counts 10 s as success';
  const how = `${users} users emit once and wait for the event \`answer\`. The server sends it at once.`;
  const table = markdownTable(
    ['run', 'answers of the server', 'users completed', 'failed', 'response time p50 ms', 'session p99 ms'],
    responseStep.map((run) => [
      toolName(run),
      formatCount(run.server.acknowledged),
      figureCell(run.report?.completedUsers),
      figureCell(run.report?.failedUsers),
      figureCell(run.report?.latency?.p50Ms),
      figureCell(run.report?.sessionP99Ms),
    ]),
  );
  const p50Ms = without?.report.latency?.p50Ms ?? null;
  if (without === undefined || p50Ms === null) return { title, outcome: 'unknown', parts: [how, table] };
  const seen = p50Ms > STEP_TIMEOUT_MS * 0.9 && without.report.failedUsers === 0;
  const text = seen
    ? `Without \`data\` the step ends at its timeout. ${msText(p50Ms)} is recorded as a response time, and no user failed.`
    : `Without \`data\` the response time was ${msText(p50Ms)}, with ${without.report.failedUsers ?? 0} users failed.`;
  const p50With = withData?.report.latency?.p50Ms ?? null;
  const values = without.report.latency?.count ?? 0;
  const others = [
    ...(values > without.server.acknowledged
      ? [
          `Each answer is recorded more than once: ${values} values for ${without.server.acknowledged} answers.`,
        ]
      : []),
    ...(p50With === null ? [] : [`With \`data\` it is ${msText(p50With)}.`]),
    ...(v3?.report.sessionP99Ms == null
      ? []
      : [
          v3.report.sessionP99Ms < STEP_TIMEOUT_MS * 0.9
            ? 'socketio-v3 does not have this fault: its users ended at once.'
            : 'The users of socketio-v3 waited as well.',
        ]),
  ];
  return { title, outcome: outcomeOf(seen), parts: [how, table, [text, ...others].join(' ')] };
}
