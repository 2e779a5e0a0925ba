import type { Capacity, CapacityStep, Varied } from '../../result/capacity.ts';
import { FINDINGS } from '../../result/findings.ts';
import type { RunResult } from '../../result/run-result.ts';
import { plural } from '../../text.ts';
import { formatCount, formatDurationMs, formatPercent } from '../../units.ts';
import type { Fact, Severity } from '../blocks.ts';
import { loadText } from './run-facts.ts';
import { targetLabel } from './run-verdict.ts';

/** The outcome of one run in reports. */
export const OUTCOME_WORDS = { passed: 'passed', failed: 'FAILED', excluded: 'excluded' } as const;

/** A value of the parameter that was searched: `1,240/s`, `200 clients`. */
export function variedText(vary: Varied, value: number): string {
  return vary === 'rate' ? `${formatCount(value)}/s` : plural(value, 'client');
}

/** The first result, for what all runs have in common. */
export function firstResult({ steps }: Capacity): RunResult | null {
  return steps.find(({ result }) => result !== null)?.result ?? null;
}

/** `ws`, `socketio polling` */
export function serverName(capacity: Capacity): string {
  const result = firstResult(capacity);
  return result === null ? 'the server' : targetLabel(result);
}

/** ` (broadcast-latency, 200 clients)`, ` (broadcast-latency, 100/s)` */
function conditionText(capacity: Capacity): string {
  const plan = firstResult(capacity)?.plan;
  if (plan === undefined) return '';
  const fixed =
    capacity.design.vary === 'rate'
      ? plural(plan.clients, 'client')
      : `${formatCount(plan.profile[0]?.toHz ?? 0)}/s`;
  return ` (${plan.scenario}, ${fixed})`;
}

/** Every reason of one run, as one clause. */
export function reasonsOfStep({ reasons }: CapacityStep): string {
  return reasons.map(({ message }) => message).join('; ');
}

/** The last run at the lowest value that was inconclusive; undefined when there is none. */
function inconclusiveStep({ steps, answer: { inconclusiveAt } }: Capacity): CapacityStep | undefined {
  return steps.findLast(({ value, outcome }) => value === inconclusiveAt && outcome === 'excluded');
}

/** `; inconclusive at 510/s`, `; 1,037/s failed`; nothing for neither. */
function limitText({ design: { vary }, answer: { failedAt, inconclusiveAt } }: Capacity): string {
  const failed = failedAt === null ? '' : `; ${variedText(vary, failedAt)} failed`;
  return inconclusiveAt === null ? failed : `${failed}; inconclusive at ${variedText(vary, inconclusiveAt)}`;
}

/** The answer in one line: `ws sustains 993/s (ack-roundtrip, 20 clients); 1,037/s failed`. */
export function answerText(capacity: Capacity): string {
  const { answer, design, steps } = capacity;
  const server = serverName(capacity);
  const where = conditionText(capacity);
  const value = answer.value === null ? '' : variedText(design.vary, answer.value);
  const from = variedText(design.vary, design.from);
  switch (answer.kind) {
    case 'found':
      return `${server} sustains ${value}${where}${limitText(capacity)}`;
    case 'at_least':
      return `${server} sustains at least ${value}${where}${limitText(capacity)}`;
    case 'below_start':
      return `below start: ${server} does not sustain ${from}${where}`;
    case 'unstable':
      return `unstable: ${server} passed at ${value}${where} in single runs, but not in repeats${limitText(capacity)}`;
    case 'inconclusive':
      return `inconclusive at ${from}${where}: ${steps.slice(-1).map(reasonsOfStep).join('')}`;
    case 'interrupted': {
      const passed = answer.value === null ? 'no run passed' : `${server} passed at ${value}${where} once`;
      return `PARTIAL, interrupted: ${passed}, not confirmed${limitText(capacity)}`;
    }
  }
}

/** The confirmed answer; null for none. */
export function confirmedValue({ answer }: Capacity): number | null {
  return answer.kind === 'found' || answer.kind === 'at_least' ? answer.value : null;
}

/** What confirmed and what limited the answer, each with the reasons of its last run; what there is none of is left out. */
function answerFacts(capacity: Capacity): Fact[] {
  const { design, steps, answer } = capacity;
  const at = (value: number) => variedText(design.vary, value);
  const judged = (value: number | null) =>
    steps.filter((step) => step.outcome !== 'excluded' && step.value === value);
  const facts: Fact[] = [];
  const confirmed = confirmedValue(capacity);
  if (confirmed !== null) {
    const fresh = judged(confirmed).filter(({ phase }) => phase === 'confirming');
    const passed = fresh.filter(({ outcome }) => outcome === 'passed').length;
    const runs = plural(fresh.length, 'fresh run');
    facts.push(['confirmed', `${passed} of ${runs} at ${at(confirmed)} passed`]);
  }
  const failedAt = answer.kind === 'below_start' ? design.from : answer.failedAt;
  if (failedAt !== null) {
    const failed = judged(failedAt).filter(({ outcome }) => outcome === 'failed');
    const why = failed.slice(-1).map((step) => `: ${reasonsOfStep(step)}`);
    const runs = plural(judged(failedAt).length, 'run');
    facts.push(['failed', `${formatCount(failed.length)} of ${runs} at ${at(failedAt)}${why.join('')}`]);
  }
  const step = inconclusiveStep(capacity);
  if (step !== undefined) facts.push(['inconclusive', `at ${at(step.value)}: ${reasonsOfStep(step)}`]);
  return facts;
}

/** The objectives, what confirmed and limited the answer, and how the search was made. */
export function searchFacts(capacity: Capacity): Fact[] {
  const { design, steps, durationMs, answer } = capacity;
  const { vary, from, to, repeats, mustPass, confidence } = design;
  const result = firstResult(capacity);
  const isAtEnd = answer.kind === 'at_least' && answer.inconclusiveAt === null;
  const range = `${variedText(vary, from)} to ${variedText(vary, to)}${isAtEnd ? '; its end (--to) was reached' : ''}`;
  return [
    ['objective', `${design.objectives.join(' and ')}, lost at most ${design.lost}`],
    ...answerFacts(capacity),
    ['range', range],
    ['runs', `${formatCount(steps.length)} in ${formatDurationMs(durationMs)}`],
    [
      'rule',
      `the upper end of the ${formatPercent(confidence)} interval of a quantile must meet the objective; ${mustPass} of ${repeats} fresh runs must pass`,
    ],
    ...(result === null ? [] : [['load', `of the first run: ${loadText(result)}`] as const]),
  ];
}

/** What to do next, one clause each; nothing when there is nothing to do. */
export function capacityAdvice(capacity: Capacity): string[] {
  switch (capacity.answer.kind) {
    case 'found':
      return [];
    case 'below_start':
      return ['start lower (--from), or relax the objective (--objective)'];
    case 'unstable':
      return ['use longer steps (--duration), and check this machine with sockbench doctor'];
    default: {
      const reasons = inconclusiveStep(capacity)?.reasons ?? [];
      if (reasons.length === 0) return [];
      return reasons.every(({ code }) => FINDINGS[code].fault === 'machine')
        ? ['stop other work on this machine, or use another machine, and search again']
        : ['to test higher loads, add workers (--workers) on more CPUs, and stop other work on this machine'];
    }
  }
}

/** The severity of the answer. */
export function answerSeverity({ answer: { kind, inconclusiveAt } }: Capacity): Severity {
  if (kind === 'below_start' || kind === 'inconclusive') return 'bad';
  return kind === 'found' || (kind === 'at_least' && inconclusiveAt === null) ? 'good' : 'warning';
}
